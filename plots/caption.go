package plots

import (
	"fmt"
	"strings"

	"bpfdb/plots/summary"
)

// servedCaption says how a panel was measured, from the mapping of records to keys to the
// commit. Nothing in it is assumed: each part is read off the run.
func servedCaption(d *summary.Data, p *summary.Panel) string {
	return loadCaption(p, p.Setting) + fmt.Sprintf(" Bar and number: median over %s, interleaved; dot: one trial; "+
		"whisker: %.0f %% bootstrap interval. ", p.Trials(), 100*summary.Confidence) +
		saturationCaption(p, "*: ", p.Rows...) + machineCaption(d)
}

// sweepCaption is the same for lines over an axis.
func sweepCaption(d *summary.Data, s summary.Sweep) string {
	first := s.Points[0].Panel
	return loadCaption(first, s.Axis.Rest(s.Setting)) + fmt.Sprintf(" Line: median over %s, interleaved; "+
		"dot: one trial; whisker: %.0f %% bootstrap interval; hollow: the load generator was the bottleneck or late. ",
		first.Trials(), 100*summary.Confidence) + machineCaption(d)
}

// loadCaption says what the systems were given to do at a setting, the panel's or what a
// sweep leaves of it.
func loadCaption(p *summary.Panel, s summary.Setting) string {
	if s.Stop != "" {
		return fmt.Sprintf("%s; %s.", s.Data(), s.Loop())
	}
	return fmt.Sprintf("%s, %s requests. %s, pipeline %d, over %s; %s.", s.Data(),
		strings.Join(p.Distributions(), "/"), s.Client(), s.Pipeline, s.Topology, s.Loop())
}

// machineCaption says where and when.
func machineCaption(d *summary.Data) string {
	return summary.Machine(d.Runs[0].Environment) + ", " + d.Runs[0].Started.UTC().Format("2006-01-02") + "."
}

// saturationCaption says after a mark where the load generator was the bottleneck in some
// of a panel's rows; it is empty where it was nowhere.
func saturationCaption(p *summary.Panel, mark string, rows ...summary.Row) string {
	for _, system := range p.Systems {
		for _, row := range rows {
			if p.Saturated(system.Name, row) {
				return mark + "the load generator was the bottleneck or late. "
			}
		}
	}
	return ""
}
