package summary

import (
	"fmt"
	"strings"

	"bpfdb/results"
)

// traceNote says what the replays of a panel left out or changed of their trace. Trials differ in
// nothing that it says, as all of them replay the same part; empty where there is no trace.
func (p *Panel) traceNote() string {
	for _, system := range p.Systems {
		for _, row := range p.Rows {
			for _, s := range p.samples[cell{system.Name, row}] {
				if s.trial.Failure == "" && s.trial.Trace != nil {
					return describeTrace(s.trial.Trace)
				}
			}
		}
	}
	return ""
}

func describeTrace(t *results.Trace) string {
	var skipped uint64
	var names, differing []string
	for _, o := range t.Operations {
		if o.Skipped > 0 {
			skipped += o.Skipped
			names = append(names, o.Operation)
		}
		if o.Sent > 0 && o.Differs != "" {
			differing = append(differing, o.Operation)
		}
	}
	note := fmt.Sprintf("trace (%s): %d of %d requests skipped", t.Source, skipped, t.Lines)
	if skipped > 0 {
		note += " (" + strings.Join(names, ", ") + ")"
	}
	note += fmt.Sprintf("; %d times to live ignored, %d values cut", t.TTLIgnored, t.CutValues)
	if len(differing) > 0 {
		note += "; the commands for " + strings.Join(differing, ", ") + " differ (experiments/README.md)"
	}
	return note
}
