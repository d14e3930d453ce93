package tables

import (
	"fmt"
	"math"

	"bpfdb/plots/summary"
	"bpfdb/plots/units"
	"bpfdb/runners/stats"
)

// comparison is a claim about two systems: that the ratio of a metric lies on one side of
// a bound in every cell of the main experiment, or in those with one pipeline depth.
type comparison struct {
	metric   summary.Metric
	baseline string
	system   string // empty: the fastest of our paths in the cell
	pipeline int    // 0: cells of every depth
	holds    func(stats.Ratio) bool
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

// judge counts the cells in which the comparison holds.
func (c comparison) judge(d *summary.Data) string {
	cells, held := 0, 0
	low, high := math.Inf(1), math.Inf(-1)
	for _, panel := range d.Experiment(mainExperiment) {
		if c.pipeline != 0 && panel.Setting.Pipeline != c.pipeline {
			continue
		}
		for _, row := range panel.Rows {
			system := c.system
			if system == "" {
				system = panel.Fastest(row)
			}
			ratio, ok := panel.Ratio(system, c.baseline, row, c.metric)
			if !ok {
				continue
			}
			cells++
			low, high = min(low, ratio.Median), max(high, ratio.Median)
			if c.holds(ratio) {
				held++
			}
		}
	}
	if cells == 0 {
		return "not tested: " + c.whyNot(d)
	}
	verdict := "does not hold"
	switch {
	case held == cells:
		verdict = "**holds**"
	case held > 0:
		verdict = "in part"
	}
	return fmt.Sprintf("%s: in %d of %d cells; ratios %s to %s",
		verdict, held, cells, units.Ratio(low), units.Ratio(high))
}

func (c comparison) whyNot(d *summary.Data) string {
	for _, panel := range d.Experiment(mainExperiment) {
		if system, here := panel.System(c.baseline); here && system.NotInstalled != "" {
			return c.baseline + " not installed"
		}
	}
	return "no cell holds both systems"
}
