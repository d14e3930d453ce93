package plots

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"

	"bpfdb/plots/summary"
	"bpfdb/results"
)

// sweepFigures draws the metrics of one sweep against its axis.
func sweepFigures(d *summary.Data, s summary.Sweep) []*Figure {
	metrics := []summary.Metric{summary.Throughput, summary.P99, summary.CPU}
	if s.Axis.Name == summary.OfferedRate.Name {
		metrics = []summary.Metric{summary.P99, summary.P50, summary.Throughput}
	}
	if s.Points[0].Panel.HasTransactions() {
		metrics = []summary.Metric{summary.CommitRate, summary.ConflictShare, summary.P99}
	}
	var figures []*Figure
	for _, metric := range metrics {
		lines := sweepCurves(s, metric)
		figures = append(figures, &Figure{
			Name: figureName(d, s.Axis.Rest(s.Setting), unusual.ReplaceAllString(
				metric.Name+"-"+s.Axis.Name+"-"+s.Workload, "-")),
			Title:   fmt.Sprintf("%s %s: %s", metric.Title, s.Axis.Title, s),
			Caption: sweepCaption(d, s),
			legend:  append(lines.legend(), absent(s.Systems())...),
			plot:    sweepPlot(s, lines, metric),
		})
	}
	return figures
}

// absent has an entry for each system that could not take part.
func absent(systems []results.System) []legendEntry {
	var legend []legendEntry
	colors := newPalette(systems)
	for _, system := range systems {
		if system.NotInstalled != "" {
			c := faded(systemColor(system.Name, colors.names))
			legend = append(legend, legendEntry{name: system.Name + " (not installed)", color: c})
		}
	}
	return legend
}

// sweepCurves has a line for every column with a good trial at some point.
func sweepCurves(s summary.Sweep, metric summary.Metric) curves {
	var lines curves
	columns := newPalette(s.Systems())
	for _, system := range s.Systems() {
		c := columns.curve(s.Points[0].Panel, system)
		for _, point := range s.Points {
			estimate, missing := point.Panel.Estimate(system, point.Row, metric)
			if missing != "" {
				continue
			}
			c.points = append(c.points,
				curvePoint{point.X, estimate, point.Panel.Saturated(system.Name, point.Row)})
		}
		if len(c.points) > 0 {
			lines = append(lines, c)
		}
	}
	return lines
}

func sweepPlot(s summary.Sweep, lines curves, metric summary.Metric) *plot.Plot {
	lo, hi := lines.extent()
	latency := metric.Name == summary.P99.Name || metric.Name == summary.P50.Name
	var p *plot.Plot
	// Latencies span decades between an idle and a full server.
	if latency && hi > 0 {
		p = newLogPlot(metric.AxisOf(s.Setting), lo, hi, metric.Format)
	} else {
		p = newPlot(metric.AxisOf(s.Setting), hi*1.05, metric.Format)
	}
	p.X.Label.Text = s.Axis.Label
	xs := lines.positions()
	if len(xs) == 0 {
		xs = []float64{0}
	}
	first, last := xs[0], xs[len(xs)-1]
	p.X.Min, p.X.Max = first-0.3, last+0.3
	if !s.Axis.Categories {
		spread := (last - first) * 0.04
		p.X.Min, p.X.Max = first-spread, last+spread
		if s.Axis.Name == summary.Connections.Name && last/first >= 20 {
			p.X.Scale = plot.LogScale{}
			p.X.Label.Text += " (logarithmic)"
			margin := math.Pow(last/first, 0.04)
			p.X.Min, p.X.Max = first/margin, last*margin
		}
	}
	var ticks []plot.Tick
	marked := map[float64]bool{}
	for _, point := range s.Points {
		if !marked[point.X] {
			marked[point.X] = true
			ticks = append(ticks, plot.Tick{Value: point.X, Label: point.Label})
		}
	}
	p.X.Tick.Marker = plot.ConstantTicks(ticks)
	p.Add(lines)
	return p
}
