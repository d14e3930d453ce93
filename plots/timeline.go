package plots

import (
	"fmt"
	"math"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"bpfdb/plots/summary"
	"bpfdb/plots/units"
)

// leastSeconds is how long trials must last for their course to be worth a figure.
const leastSeconds = 8.0

// timelineFigures draws throughput and p99 from second to second, for each workload of a
// panel whose trials are long enough.
func timelineFigures(d *summary.Data, panel *summary.Panel) []*Figure {
	var figures []*Figure
	for _, row := range panel.Rows {
		rates, p99s := &timelines{}, &timelines{}
		columns := newPalette(panel.Systems)
		for _, system := range panel.Systems {
			c := columns.curve(panel, system)
			course := panel.Course(system.Name, row)
			if course.Seconds() >= leastSeconds || len(course.Checkpoints) > 0 {
				rates.add(c, course, course.RateOps)
				p99s.add(c, course, course.P99NS)
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
				Caption: loadCaption(panel, panel.Setting) + " One line per trial; a point is " +
					rates.points() + " " +
					saturationCaption(panel, "In some trials ", row) + machineCaption(d),
				legend: f.lines.legend(),
				plot:   f.lines.newPlot(f.metric, panel.Setting),
			})
		}
	}
	return figures
}

// timelines draws every trial of every system as a line over seconds, and the time in which
// a checkpoint was written as a bar below. It implements plot.Plotter.
type timelines struct {
	curves  curves
	courses []summary.Course
	trials  [][][]float64 // by curve, trial, window
}

func (l *timelines) add(c curve, course summary.Course, trials [][]float64) {
	l.curves, l.courses, l.trials = append(l.curves, c), append(l.courses, course), append(l.trials, trials)
}

// points says what a point of the lines stands for.
func (l *timelines) points() string {
	text := "one second."
	if window := l.courses[0].Window; window != time.Second {
		text = window.String() + "."
	}
	for _, course := range l.courses {
		if len(course.Checkpoints) > 0 {
			return text + " Bars at the bottom: a checkpoint is being written."
		}
	}
	return text
}

func (l *timelines) legend() []legendEntry {
	legend := l.curves.legend()
	for i := range legend {
		legend[i].glyph = nil
	}
	return legend
}

func (l *timelines) newPlot(metric summary.Metric, s summary.Setting) *plot.Plot {
	lo, hi, seconds := math.Inf(1), 0.0, 1.0
	for i, trials := range l.trials {
		seconds = max(seconds, l.courses[i].Seconds())
		for _, trial := range trials {
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
	p.X.Min, p.X.Max = 0, seconds
	var ticks []plot.Tick
	for _, tick := range evenTicks(seconds, units.Count) {
		ticks = append(ticks, plot.Tick{Value: tick.Value, Label: tick.Label})
	}
	p.X.Tick.Marker = plot.ConstantTicks(ticks)
	p.Add(l)
	return p
}

// Plot draws each window's value in its middle; a latency nobody had is a gap.
func (l *timelines) Plot(canvas draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&canvas)
	for i, trials := range l.trials {
		line := l.curves[i].line()
		line.Width = 1.1
		window := l.courses[i].Window.Seconds()
		l.plotCheckpoints(canvas, i, toX)
		for _, trial := range trials {
			var path []vg.Point
			for at, value := range trial {
				if value == 0 && isLogarithmic(p) { // no answer: no latency, and no line
					canvas.StrokeLines(line, path)
					path = nil
					continue
				}
				path = append(path, vg.Point{X: toX((float64(at) + 0.5) * window),
					Y: toY(math.Min(math.Max(value, p.Y.Min), p.Y.Max))})
			}
			canvas.StrokeLines(line, path)
		}
	}
}

// barHeight is that of the bars under the lines; those of several systems lie on each other.
const barHeight = 4

func (l *timelines) plotCheckpoints(canvas draw.Canvas, i int, toX func(float64) vg.Length) {
	bottom := canvas.Min.Y + vg.Length(i)*barHeight
	for _, c := range l.courses[i].Checkpoints {
		left := toX(time.Duration(c.BeginNS).Seconds())
		right := max(min(toX(time.Duration(c.EndNS).Seconds()), canvas.Max.X), left+1)
		bar := vg.Rectangle{Min: vg.Point{X: left, Y: bottom}, Max: vg.Point{X: right, Y: bottom + barHeight - 1}}
		canvas.FillPolygon(l.curves[i].line().Color, corners(bar))
	}
}
