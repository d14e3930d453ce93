package plots

import (
	"fmt"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"bpfdb/plots/summary"
	"bpfdb/plots/units"
)

// spectrumFigures draws the latency spectrum of each workload of a panel: latency over
// 1/(1-quantile), both logarithmic, as HdrHistogram's own plots have it.
func spectrumFigures(d *summary.Data, panel *summary.Panel) []*Figure {
	var figures []*Figure
	if panel.Setting.Stop != "" {
		return nil // a recovery is one latency
	}
	for _, row := range panel.Rows {
		lines := &spectra{}
		columns := newPalette(panel.Systems)
		for _, system := range panel.Systems {
			c := columns.curve(panel, system)
			if s := panel.Spectrum(system.Name, row); len(s.Quantiles) > 0 {
				lines.curves, lines.spectra = append(lines.curves, c), append(lines.spectra, s)
			}
		}
		if len(lines.curves) == 0 {
			continue
		}
		figures = append(figures, &Figure{
			Name: figureName(d, panel.Setting, "spectrum-"+unusual.ReplaceAllString(panel.Label(row), "-")),
			Title: fmt.Sprintf("Latency spectrum: %s, %s", panel.Label(row),
				panel.Setting),
			Caption: loadCaption(panel, panel.Setting) + fmt.Sprintf(" Line: median over %s of each trial's own "+
				"percentile; band: lowest to highest trial. ", panel.Trials()) +
				saturationCaption(panel, "In some trials ", row) + machineCaption(d),
			legend: lines.legend(),
			plot:   lines.newPlot(panel.Setting),
		})
	}
	return figures
}

// spectra draws one line per system, with a band from its lowest to its highest trial. It
// implements plot.Plotter.
type spectra struct {
	curves  curves // names and colours; they have no points
	spectra []summary.Spectrum
}

func (l *spectra) legend() []legendEntry {
	legend := l.curves.legend()
	for i := range legend {
		legend[i].glyph = nil
	}
	return legend
}

// tail is where a quantile stands on the axis.
func tail(quantile float64) float64 { return 1 / (1 - quantile) }

func (l *spectra) newPlot(s summary.Setting) *plot.Plot {
	lo, hi, furthest := math.Inf(1), 0.0, 1.0
	for _, s := range l.spectra {
		for k := range s.Quantiles {
			lo, hi = math.Min(lo, math.Max(s.Lo[k], 1)), math.Max(hi, s.Hi[k])
			furthest = math.Max(furthest, tail(s.Quantiles[k]))
		}
	}
	p := newLogPlot(summary.P99.AxisOf(s)[len("p99 "):], lo, hi, units.Duration)
	p.X.Label.Text = "percentile"
	p.X.Scale = plot.LogScale{}
	p.X.Min, p.X.Max = 1, math.Max(furthest, 10)
	ticks := []plot.Tick{{Value: 1, Label: "0"}, {Value: 2, Label: "50"}}
	for decade := 10.0; decade <= p.X.Max*1.001; decade *= 10 {
		// Enough digits for the nines and no more.
		label := strconv.FormatFloat(100*(1-1/decade), 'f', max(0, int(math.Round(math.Log10(decade)))-2), 64)
		ticks = append(ticks, plot.Tick{Value: decade, Label: label})
	}
	p.X.Tick.Marker = plot.ConstantTicks(ticks)
	p.Add(l)
	return p
}

// Plot draws the bands, then the lines.
func (l *spectra) Plot(canvas draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&canvas)
	at := func(quantile, value float64) vg.Point {
		return vg.Point{X: toX(tail(quantile)), Y: toY(math.Min(math.Max(value, p.Y.Min), p.Y.Max))}
	}
	for i, s := range l.spectra {
		var band []vg.Point
		for k, quantile := range s.Quantiles {
			band = append(band, at(quantile, s.Hi[k]))
		}
		for k := len(s.Quantiles) - 1; k >= 0; k-- {
			band = append(band, at(s.Quantiles[k], s.Lo[k]))
		}
		pale := l.curves[i].color
		pale.A = 0x22
		canvas.FillPolygon(pale, band)
	}
	for i, s := range l.spectra {
		var path []vg.Point
		for k, quantile := range s.Quantiles {
			path = append(path, at(quantile, s.Median[k]))
		}
		canvas.StrokeLines(l.curves[i].line(), path)
	}
}
