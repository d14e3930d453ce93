package tables

import (
	"fmt"
	"slices"
	"strings"

	"bpfdb/plots/summary"
)

// Section writes the text of one marker: summary, claims, goals, engine, or the name of an
// experiment or of a family of workloads (ycsb for ycsb-a, ycsb-b, ...), whose panels it
// shows. A kind of result that the runs do not hold gives a sentence saying so, never the
// numbers of an older run.
func Section(d *summary.Data, name string) (string, error) {
	switch name {
	case "summary":
		return whereMeasured(len(d.Panels), d, overview), nil
	case "claims":
		return whereMeasured(len(d.Runs), d, claims), nil
	case "goals":
		return whereMeasured(len(d.Runs)+len(d.Engines), d, goalTable), nil
	case "engine":
		return whereMeasured(len(d.Engines), d, engine), nil
	}
	belongs := func(p *summary.Panel) bool { return inFamily(p, name) }
	if !slices.ContainsFunc(d.Panels, belongs) {
		return "", fmt.Errorf("%w: no experiment or workload of that name in the runs (they hold: %s)",
			ErrMarker, strings.Join(d.Experiments(), ", "))
	}
	return served(d, belongs), nil
}

func whereMeasured(amount int, d *summary.Data, write func(*summary.Data) string) string {
	if amount == 0 {
		return "Not measured in the runs this document was filled from.\n"
	}
	return write(d)
}

func inFamily(p *summary.Panel, name string) bool {
	return p.Setting.Experiment == name || slices.ContainsFunc(p.Rows, func(row summary.Row) bool {
		return row.Workload == name || strings.HasPrefix(row.Workload, name+"-")
	})
}
