package tables

import (
	"fmt"
	"strings"

	"bpfdb/plots/summary"
)

// provenance says where, when, from which commit and by which command the served runs
// were taken, one line per run.
func provenance(d *summary.Data) string {
	var text strings.Builder
	for _, run := range d.Runs {
		command := append([]string{"bench"}, run.Environment.HarnessFlags...)
		fmt.Fprintf(&text, "Measured %s in %.1f min, %s; %s profile, seed %d: `%s`.\n",
			run.Started.UTC().Format("2006-01-02 15:04 UTC"), summary.Elapsed(run).Minutes(),
			summary.Machine(run.Environment), run.Profile, run.Seed, strings.Join(command, " "))
		if run.Finished.IsZero() {
			fmt.Fprintf(&text, "This run was interrupted after %d of %d trials.\n",
				len(run.Trials), run.PlannedTrials)
		}
	}
	return text.String()
}

func engineProvenance(d *summary.Data) string {
	var text strings.Builder
	for _, run := range d.Engines {
		fmt.Fprintf(&text, "Measured %s, %s: `%s`.\n", run.Started.UTC().Format("2006-01-02 15:04 UTC"),
			summary.Machine(run.Environment), strings.Join(run.Command, " "))
	}
	return text.String()
}
