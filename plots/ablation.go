package plots

import (
	"fmt"

	"gonum.org/v1/plot"

	"bpfdb/plots/summary"
	"bpfdb/plots/units"
)

// ablationFigures shows what each path adds to the same engine: its throughput as a
// multiple of the user path's, paired by round. A panel without the user path, or with
// nothing to set beside it, has none.
func ablationFigures(d *summary.Data, panel *summary.Panel) []*Figure {
	paths := panel.Paths()
	if len(paths) < 2 {
		return nil
	}
	bars := &groupedBars{}
	var legend []legendEntry
	var names []string
	for _, system := range paths {
		names = append(names, system.Name)
	}
	for _, system := range paths {
		c := systemColor(system.Name, names)
		legend = append(legend, legendEntry{name: system.Name, color: c})
		bars.colors = append(bars.colors, c)
	}
	for _, row := range panel.Rows {
		var group []bar
		for _, system := range paths {
			estimate, ok := panel.RatioEstimate(system.Name, summary.UserPath, row, summary.Throughput)
			b := bar{estimate: estimate, label: units.Ratio(estimate.Median)}
			if !ok {
				b.missing = "not measured"
			}
			group = append(group, b)
		}
		bars.groups = append(bars.groups, group)
	}
	p := newPlot("throughput, multiple of the user path", bars.top()*1.15, units.Ratio)
	setRows(p, panel)
	p.Add(bars)
	return []*Figure{{
		Name:  figureName(d, panel.Setting, "ablation"),
		Title: fmt.Sprintf("What each path adds: %s", panel.Setting),
		Caption: loadCaption(panel, panel.Setting) + fmt.Sprintf(" The engine is the same under every path. "+
			"Bar: median ratio over %s, paired by round; dot: one round; whisker: %.0f %% bootstrap interval. ",
			panel.Trials(), 100*summary.Confidence) + machineCaption(d),
		legend: legend,
		plot:   p,
	}}
}

// setRows names the groups of bars.
func setRows(p *plot.Plot, panel *summary.Panel) {
	var ticks []plot.Tick
	for i, row := range panel.Rows {
		ticks = append(ticks, plot.Tick{Value: float64(i), Label: panel.Label(row)})
	}
	p.X.Min, p.X.Max = -0.5, float64(len(panel.Rows))-0.5
	p.X.Tick.Marker = plot.ConstantTicks(ticks)
	p.X.Tick.LineStyle.Color = paper // no marks, but their room between axis and names
}
