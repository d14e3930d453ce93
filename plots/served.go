package plots

import (
	"fmt"
	"image/color"
	"reflect"
	"regexp"

	"gonum.org/v1/plot"

	"bpfdb/plots/summary"
)

// servedMetrics are the quantities drawn for a panel.
func servedMetrics(panel *summary.Panel) []summary.Metric {
	if panel.Setting.Stop != "" {
		return []summary.Metric{summary.RecoveryTime, summary.DiskBytes}
	}
	return []summary.Metric{summary.Throughput, summary.P99, summary.CPU}
}

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
				b.label = metric.Format(estimate.Median) + saturationMark(panel, system.Name, row)
			}
			group = append(group, b)
		}
		bars.groups = append(bars.groups, group)
	}
	return &Figure{
		Name:    figureName(d, panel.Setting, metric.Name),
		Title:   fmt.Sprintf("%s: %s", metric.Title, panel.Setting),
		Caption: servedCaption(d, panel),
		legend:  legend,
		plot:    barPlot(bars, panel, metric),
	}
}

// saturationMark is a star where the load generator was the bottleneck or late: such a bar
// says less about the system. The caption explains it.
func saturationMark(panel *summary.Panel, system string, row summary.Row) string {
	if panel.Saturated(system, row) {
		return " *"
	}
	return ""
}

// servedLegend names the panel's systems with their versions, or says that one is missing.
func servedLegend(panel *summary.Panel) []legendEntry {
	colors := newPalette(panel.Systems)
	var legend []legendEntry
	for _, system := range panel.Systems {
		entry := legendEntry{name: system.Name, color: colors.bar(panel, system)}
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
	p := newPlot(metric.AxisOf(panel.Setting), bars.top()*headroom, metric.Format)
	setRows(p, panel)
	p.Add(bars)
	return p
}

// faded marks a legend entry that has no bars.
func faded(c color.NRGBA) color.NRGBA {
	c.A = 0x55
	return c
}

// figureName is short where it can be: experiment, what is drawn, value bytes and
// pipeline, and of the rest only what tells two settings of the experiment apart. What a
// sweep varies is zero in its setting and never in its name.
func figureName(d *summary.Data, s summary.Setting, drawn string) string {
	name := fmt.Sprintf("%s-%s-v%d-p%d", s.Experiment, drawn, s.ValueBytes, s.Pipeline)
	if s.ValueBytes == 0 {
		name = fmt.Sprintf("%s-%s-p%d", s.Experiment, drawn, s.Pipeline)
	}
	for _, part := range []struct {
		text string
		of   func(summary.Setting) any
	}{
		{fmt.Sprintf("-c%d", s.Connections), func(s summary.Setting) any { return s.Connections }},
		{"-" + s.Driver, func(s summary.Setting) any { return s.Driver }},
		{fmt.Sprintf("-t%d", s.Threads), func(s summary.Setting) any { return s.Threads }},
		{fmt.Sprintf("-n%d", s.Records), func(s summary.Setting) any { return s.Records }},
		{"-" + s.Topology, func(s summary.Setting) any { return s.Topology }},
		{fmt.Sprintf("-l%g", s.Loss), func(s summary.Setting) any { return s.Loss }},
		{fmt.Sprintf("-r%.0f", s.RateOps), func(s summary.Setting) any { return s.RateOps }},
		{fmt.Sprintf("-x%g", s.Speed), func(s summary.Setting) any { return s.Speed }},
		{"-" + s.Arrival, func(s summary.Setting) any { return s.Arrival }},
		{"-" + s.Stop, func(s summary.Setting) any { return s.Stop }},
		{"-" + unusual.ReplaceAllString(s.SLO, "_"), func(s summary.Setting) any { return s.SLO }},
	} {
		value := reflect.ValueOf(part.of(s))
		if !value.IsZero() && differs(d, s.Experiment, part.of) {
			name += part.text
		}
	}
	return name
}

// unusual are bytes that do not belong in a file name.
var unusual = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

// differs tells whether an experiment's panels have more than one value of something.
func differs(d *summary.Data, experiment string, of func(summary.Setting) any) bool {
	var first any
	for _, panel := range d.Experiment(experiment) {
		if value := of(panel.Setting); first == nil {
			first = value
		} else if value != first {
			return true
		}
	}
	return false
}
