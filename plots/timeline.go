package plots

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"bpfdb/plots/summary"
	"bpfdb/plots/units"
)

// leastSeconds is how long trials must last for their course to be worth a figure.
const leastSeconds = 8

// timelineFigures draws throughput and p99 from second to second, for each workload of a
// panel whose trials are long enough.
func timelineFigures(d *summary.Data, panel *summary.Panel) []*Figure {
	var figures []*Figure
	for _, row := range panel.Rows {
		rates, p99s := &timelines{}, &timelines{}
		columns := newPalette(panel.Systems)
		for _, system := range panel.Systems {
			c := columns.curve(panel, system)
			if course := panel.Course(system.Name, row); course.Seconds() >= leastSeconds {
				rates.add(c, course.RateOps)
				p99s.add(c, course.P99NS)
			}
		}
		if len(rates.curves) == 0 {
			continue
		}
		for _, f := range []struct {
			metric summary.Metric
			lines  *timelines
		}{{summary.Throughput, rates}, {summary.P99, p99s}} {
			figures = append(figures, &Figure{
				Name: figureName(d, panel.Setting,
					f.metric.Name+"-time-"+unusual.ReplaceAllString(panel.Label(row), "-")),
				Title: fmt.Sprintf("%s over time: %s, %s", f.metric.Title, panel.Label(row), panel.Setting),
				Caption: loadCaption(panel, panel.Setting) + " One line per trial; a point is one second. " +
					saturationCaption(panel, "In some trials ", row) + machineCaption(d),
				legend: f.lines.legend(),
				plot:   f.lines.newPlot(f.metric, panel.Setting),
			})
		}
	}
	return figures
}

// timelines draws every trial of every system as a line over seconds. It implements
// plot.Plotter.
type timelines struct {
	curves curves
	trials [][][]float64 // by curve, trial, second
}

func (l *timelines) add(c curve, trials [][]float64) {
	l.curves, l.trials = append(l.curves, c), append(l.trials, trials)
}

func (l *timelines) legend() []legendEntry {
	legend := l.curves.legend()
	for i := range legend {
		legend[i].glyph = nil
	}
	return legend
}

func (l *timelines) newPlot(metric summary.Metric, s summary.Setting) *plot.Plot {
	lo, hi, seconds := math.Inf(1), 0.0, 1
	for _, trials := range l.trials {
		for _, trial := range trials {
			seconds = max(seconds, len(trial))
			for _, value := range trial {
				hi = math.Max(hi, value)
				if value > 0 {
					lo = math.Min(lo, value)
				}
			}
		}
	}
	p := newPlot(metric.AxisOf(s), hi*1.05, metric.Format)
	if metric.Name == summary.P99.Name && hi > 0 {
		p = newLogPlot(metric.AxisOf(s), lo, hi, metric.Format)
	}
	p.X.Label.Text = "seconds"
	p.X.Min, p.X.Max = 0, float64(seconds)
	var ticks []plot.Tick
	for _, tick := range evenTicks(float64(seconds), units.Count) {
		ticks = append(ticks, plot.Tick{Value: tick.Value, Label: tick.Label})
	}
	p.X.Tick.Marker = plot.ConstantTicks(ticks)
	p.Add(l)
	return p
}

// Plot draws each second's value in its middle.
func (l *timelines) Plot(canvas draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&canvas)
	for i, trials := range l.trials {
		line := l.curves[i].line()
		line.Width = 1.1
		for _, trial := range trials {
			var path []vg.Point
			for second, value := range trial {
				path = append(path, vg.Point{X: toX(float64(second) + 0.5),
					Y: toY(math.Min(math.Max(value, p.Y.Min), p.Y.Max))})
			}
			canvas.StrokeLines(line, path)
		}
	}
}
