package tables

import (
	"fmt"
	"slices"
	"strings"

	"bpfdb/plots/summary"
)

// mainExperiment is the one that the README and the verdicts rest on.
const mainExperiment = "ycsb"

// Section writes the text of one marker: summary, claims, goals, engine, or the name of an
// experiment, whose panels it shows. A kind of result that the runs do not hold gives a
// sentence saying so, never the numbers of an older run.
func Section(d *summary.Data, name string) (string, error) {
	switch name {
	case "summary":
		return whereMeasured(len(d.Runs), d, overview), nil
	case "claims":
		return whereMeasured(len(d.Runs), d, claims), nil
	case "goals":
		return whereMeasured(len(d.Runs)+len(d.Engines), d, goalTable), nil
	case "engine":
		return whereMeasured(len(d.Engines), d, engine), nil
	}
	name, optional := strings.CutSuffix(name, "?")
	if optional && !slices.Contains(d.Experiments(), name) {
		return whereMeasured(0, d, nil), nil
	}
	if !slices.Contains(d.Experiments(), name) {
		return "", fmt.Errorf("%w: no experiment of that name in the runs (they hold: %s)",
			ErrMarker, strings.Join(d.Experiments(), ", "))
	}
	return served(d, name), nil
}

func whereMeasured(amount int, d *summary.Data, write func(*summary.Data) string) string {
	if amount == 0 {
		return "Not measured in the runs this document was filled from.\n"
	}
	return write(d)
}
