package plots

import (
	"fmt"
	"strings"

	"bpfdb/plots/summary"
	"bpfdb/plots/units"
)

// servedCaption says how a panel was measured, from the mapping of records to keys to the
// commit. Nothing in it is assumed: each part is read off the run.
func servedCaption(d *summary.Data, p *summary.Panel) string {
	s := p.Setting
	parts := []string{
		s.Mapping() + ", " + units.Count(float64(s.Records)) + " keys, " +
			strings.Join(p.Distributions(), "/") + " requests.",
		fmt.Sprintf("%s, pipeline %d, closed loop over %s: latency is service time at saturation.",
			s.Client(), s.Pipeline, s.Topology),
		fmt.Sprintf("Bar and number: median over %s, interleaved; dot: one trial; "+
			"whisker: %.0f %% bootstrap interval.",
			p.Trials(), 100*summary.Confidence),
		summary.Machine(d.Runs[0].Environment) + ", " + d.Runs[0].Started.UTC().Format("2006-01-02") + ".",
	}
	return strings.Join(parts, " ")
}
