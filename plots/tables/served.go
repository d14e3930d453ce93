package tables

import (
	"fmt"
	"slices"
	"strings"

	"bpfdb/plots/summary"
	"bpfdb/plots/units"
	"bpfdb/results"
)

// served writes one experiment: a table for each panel and each sweep, with intervals.
func served(d *summary.Data, experiment string) string {
	var text strings.Builder
	var loops []string
	for _, panel := range d.Experiment(experiment) {
		if loop := panel.Setting.Loop(); !slices.Contains(loops, loop) {
			loops = append(loops, loop)
		}
		if d.Swept(panel) && !panel.HasTransactions() {
			continue
		}
		fmt.Fprintf(&text, "**%s** (%s)\n\n", panel.Setting, settingDetails(panel, panel.Setting))
		if panel.Setting.Stop != "" {
			text.WriteString(recoveryTable(panel) + "\n")
		} else {
			text.WriteString(panelTable(panel) + "\n")
			text.WriteString(transactionTable(panel) + checkpointTable(panel) + diskTable(panel))
		}
		if notes := list(panel.Notes()); notes != "" {
			text.WriteString(notes + "\n")
		}
	}
	for _, sweep := range d.Sweeps() {
		first := sweep.Points[0].Panel
		if first.Setting.Experiment != experiment || first.HasTransactions() {
			continue
		}
		fmt.Fprintf(&text, "**%s** (%s)\n\n", sweep, settingDetails(first, sweep.Axis.Rest(sweep.Setting)))
		text.WriteString(sweepTable(sweep) + "\n")
		if notes := sweepNotes(sweep); notes != "" {
			text.WriteString(notes + "\n")
		}
	}
	fmt.Fprintf(&text, "Median and %.0f %% bootstrap interval over interleaved trials; the ratio is paired "+
		"by round; CPU is the whole machine's, client included; %s.\n\n", 100*summary.Confidence,
		strings.Join(loops, "; "))
	text.WriteString(provenance(d))
	return text.String()
}

func settingDetails(p *summary.Panel, s summary.Setting) string {
	if s.Stop != "" {
		return fmt.Sprintf("%s, %s", s.Data(), p.Trials())
	}
	return fmt.Sprintf("%s, %s, %s, %s, %s", s.Data(),
		strings.Join(p.Distributions(), "/"), s.Client(), s.Topology, p.Trials())
}

func panelTable(p *summary.Panel) string {
	t := newTable(2, "workload", "system", "operations/s", "ratio to "+p.Baseline(), "p50", "p99",
		"CPU per op")
	for _, row := range p.Rows {
		for _, system := range p.Systems {
			t.row(panelRow(p, row, system)...)
		}
	}
	return t.String()
}

func panelRow(p *summary.Panel, row summary.Row, system results.System) []string {
	cells := []string{p.Label(row), system.Name}
	throughput, missing := p.Estimate(system, row, summary.Throughput)
	if missing != "" {
		return append(cells, missing)
	}
	cells = append(cells, estimateText(throughput, units.Rate), ratioToRedis(p, row, system))
	for _, metric := range []summary.Metric{summary.P50, summary.P99, summary.CPU} {
		e, _ := p.Estimate(system, row, metric)
		cells = append(cells, estimateText(e, metric.Format))
	}
	return cells
}

// ratioToRedis is empty for Redis itself and where no round holds both.
func ratioToRedis(p *summary.Panel, row summary.Row, system results.System) string {
	if system.Name == p.Baseline() {
		return ""
	}
	ratio, ok := p.Ratio(system.Name, p.Baseline(), row, summary.Throughput)
	if !ok {
		return ""
	}
	return ratioText(ratio, units.Ratio)
}
