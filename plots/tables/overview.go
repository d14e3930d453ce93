package tables

import (
	"fmt"
	"slices"
	"strings"

	"bpfdb/plots/summary"
	"bpfdb/plots/units"
)

// overview writes one line per workload and setting of the main experiment: enough for
// a README.
func overview(d *summary.Data) string {
	var text strings.Builder
	text.WriteString(overviewTable(d.Experiment(mainExperiment)) + "\n")
	fmt.Fprintf(&text, "Operations per second, median over interleaved trials; in brackets the ratio to %s, "+
		"paired by round.\n\n", summary.Redis)
	text.WriteString(provenance(d))
	return text.String()
}

func overviewTable(panels []*summary.Panel) string {
	var systems []string
	for _, panel := range panels {
		for _, system := range panel.Systems {
			if !slices.Contains(systems, system.Name) {
				systems = append(systems, system.Name)
			}
		}
	}
	t := newTable(2, append([]string{"setting", "workload"}, systems...)...)
	for _, panel := range panels {
		for _, row := range panel.Rows {
			cells := []string{panel.Setting.String(), panel.Label(row)}
			for _, name := range systems {
				cells = append(cells, overviewCell(panel, row, name))
			}
			t.row(cells...)
		}
	}
	return t.String()
}

func overviewCell(p *summary.Panel, row summary.Row, name string) string {
	system, here := p.System(name)
	if !here {
		return "not measured"
	}
	e, missing := p.Estimate(system, row, summary.Throughput)
	if missing != "" {
		return missing
	}
	ratio, ok := p.Ratio(name, summary.Redis, row, summary.Throughput)
	if !ok || name == summary.Redis {
		return units.Rate(e.Median)
	}
	return fmt.Sprintf("%s (%s)", units.Rate(e.Median), units.Ratio(ratio.Median))
}
