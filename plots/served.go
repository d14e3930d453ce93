package plots

import (
	"fmt"
	"image/color"
	"regexp"

	"gonum.org/v1/plot"

	"bpfdb/plots/summary"
)

// servedMetrics are the quantities drawn for every panel.
var servedMetrics = []summary.Metric{summary.Throughput, summary.P99, summary.CPU}

// versionNumber finds 7.0.15 in "Redis server v=7.0.15 sha=00000000:0 ...".
var versionNumber = regexp.MustCompile(`\d+(\.\d+)+`)

// servedFigure draws one metric of one panel.
func servedFigure(d *summary.Data, panel *summary.Panel, metric summary.Metric) *Figure {
	bars := &groupedBars{}
	legend := servedLegend(panel)
	for _, entry := range legend {
		bars.colors = append(bars.colors, entry.color)
	}
	for _, row := range panel.Rows {
		var group []bar
		for _, system := range panel.Systems {
			estimate, missing := panel.Estimate(system, row, metric)
			b := bar{estimate: estimate, missing: missing}
			if missing == "" {
				b.label = metric.Format(estimate.Median)
			}
			group = append(group, b)
		}
		bars.groups = append(bars.groups, group)
	}
	return &Figure{
		Name:    figureName(d, panel.Setting, metric),
		Title:   fmt.Sprintf("%s: %s", metric.Title, panel.Setting),
		Caption: servedCaption(d, panel),
		legend:  legend,
		plot:    barPlot(bars, panel, metric),
	}
}

// servedLegend names the panel's systems with their versions, or says that one is missing.
func servedLegend(panel *summary.Panel) []legendEntry {
	var names []string
	for _, system := range panel.Systems {
		names = append(names, system.Name)
	}
	var legend []legendEntry
	for _, system := range panel.Systems {
		entry := legendEntry{name: system.Name, color: systemColor(system.Name, names)}
		if system.NotInstalled != "" {
			entry.name += " (not installed)"
			entry.color = faded(entry.color)
		} else if version := versionNumber.FindString(system.Version); version != "" {
			entry.name += " " + version
		}
		legend = append(legend, entry)
	}
	return legend
}

func barPlot(bars *groupedBars, panel *summary.Panel, metric summary.Metric) *plot.Plot {
	// Room for the numbers above the highest bar; they stand upright where bars are many.
	headroom := 1.1
	if len(panel.Rows)*len(panel.Systems) > 20 {
		headroom = 1.2
	}
	p := newPlot(metric.Axis, bars.top()*headroom, metric.Format)
	var ticks []plot.Tick
	for i, row := range panel.Rows {
		ticks = append(ticks, plot.Tick{Value: float64(i), Label: panel.Label(row)})
	}
	p.X.Min, p.X.Max = -0.5, float64(len(panel.Rows))-0.5
	p.X.Tick.Marker = plot.ConstantTicks(ticks)
	p.X.Tick.LineStyle.Color = paper // no marks, but their room between axis and names
	p.Add(bars)
	return p
}

// faded marks a legend entry that has no bars.
func faded(c color.NRGBA) color.NRGBA {
	c.A = 0x55
	return c
}

// figureName is short where it can be: experiment, metric, value bytes and pipeline, and
// of the rest only what tells two panels of the experiment apart.
func figureName(d *summary.Data, s summary.Setting, metric summary.Metric) string {
	name := fmt.Sprintf("%s-%s-v%d-p%d", s.Experiment, metric.Name, s.ValueBytes, s.Pipeline)
	var connections, driver, threads, records, topology bool
	for _, panel := range d.Panels {
		other := panel.Setting
		if other.Experiment != s.Experiment {
			continue
		}
		connections = connections || other.Connections != s.Connections
		driver = driver || other.Driver != s.Driver
		threads = threads || other.Threads != s.Threads
		records = records || other.Records != s.Records
		topology = topology || other.Topology != s.Topology
	}
	for _, part := range []struct {
		differs bool
		text    string
	}{
		{connections, fmt.Sprintf("-c%d", s.Connections)},
		{driver, "-" + s.Driver},
		{threads, fmt.Sprintf("-t%d", s.Threads)},
		{records, fmt.Sprintf("-n%d", s.Records)},
		{topology, "-" + s.Topology},
	} {
		if part.differs {
			name += part.text
		}
	}
	return name
}
