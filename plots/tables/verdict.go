package tables

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"bpfdb/plots/summary"
	"bpfdb/plots/units"
	"bpfdb/runners/stats"
)

// comparison is a claim about two systems: that the ratio of a metric lies on one side of
// a bound in every cell of an experiment, or in those at one setting.
type comparison struct {
	experiment string // empty: the main one
	metric     summary.Metric
	baseline   string
	system     string // empty: the fastest of our paths in the cell
	pipeline   int    // 0: cells of every depth
	valueBytes int    // 0: values of every size
	workload   string // empty: all of them
	holds      func(stats.Ratio) bool
}

// atLeast holds where even the low end of the interval reaches the bound.
func atLeast(bound float64) func(stats.Ratio) bool {
	return func(r stats.Ratio) bool { return r.Lo >= bound }
}

// below holds where even the high end of the interval stays under the bound.
func below(bound float64) func(stats.Ratio) bool {
	return func(r stats.Ratio) bool { return r.Hi < bound }
}

// notBelow holds unless the whole interval lies under the bound.
func notBelow(bound float64) func(stats.Ratio) bool {
	return func(r stats.Ratio) bool { return r.Hi >= bound }
}

// judge counts the cells in which the comparison holds, and says what the ratio comes to
// over all of them.
func (c comparison) judge(d *summary.Data) string {
	held := 0
	low, high := math.Inf(1), math.Inf(-1)
	var cells []summary.Estimate
	for _, panel := range c.panels(d) {
		for _, row := range panel.Rows {
			if c.workload != "" && row.Workload != c.workload {
				continue
			}
			system := c.system
			if system == "" {
				system = panel.Fastest(row)
			}
			ratio, ok := panel.Ratio(system, c.baseline, row, c.metric)
			if !ok {
				continue
			}
			estimate, _ := panel.RatioEstimate(system, c.baseline, row, c.metric)
			cells = append(cells, estimate)
			low, high = min(low, ratio.Median), max(high, ratio.Median)
			if c.holds(ratio) {
				held++
			}
		}
	}
	if len(cells) == 0 {
		return "not tested: " + c.whyNot(d)
	}
	verdict := "does not hold"
	switch {
	case held == len(cells):
		verdict = "**holds**"
	case held > 0:
		verdict = "in part"
	}
	mean := summary.Overall(cells, d.Runs[0].Seed)
	return fmt.Sprintf("%s: in %d of %d cells; geometric mean %s, cells %s to %s",
		verdict, held, len(cells), ratioText(mean, units.Ratio), units.Ratio(low), units.Ratio(high))
}

// panels lists those that the comparison is about.
func (c comparison) panels(d *summary.Data) []*summary.Panel {
	experiment := c.experiment
	if experiment == "" {
		experiment = mainExperiment
	}
	return slices.DeleteFunc(d.Experiment(experiment), func(p *summary.Panel) bool {
		return c.pipeline != 0 && p.Setting.Pipeline != c.pipeline ||
			c.valueBytes != 0 && p.Setting.ValueBytes != c.valueBytes
	})
}

func (c comparison) whyNot(d *summary.Data) string {
	panels := c.panels(d)
	if len(panels) == 0 {
		return "not in these runs"
	}
	for _, panel := range panels {
		name, _, _ := strings.Cut(c.baseline, " ") // without its mode
		if system, here := panel.System(name); here && system.NotInstalled != "" {
			return name + " not installed"
		}
	}
	return "no cell holds both systems"
}
