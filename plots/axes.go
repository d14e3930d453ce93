package plots

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"

	"bpfdb/plots/units"
)

// newPlot is an empty plot in the house style: horizontal rules, no box, and a y axis
// from zero, because a bar that starts elsewhere lies about ratios.
func newPlot(yLabel string, yMax float64, format func(float64) string) *plot.Plot {
	ticks := evenTicks(yMax, format)
	p := styled(yLabel, ticks)
	p.Y.Min, p.Y.Max = 0, math.Max(yMax, ticks[len(ticks)-1].Value)
	return p
}

// newLogPlot is the same with a logarithmic y axis over values above zero.
func newLogPlot(yLabel string, lo, hi float64, format func(float64) string) *plot.Plot {
	ticks := decadeTicks(lo, hi, format)
	p := styled(yLabel+" (logarithmic)", ticks)
	p.Y.Scale = plot.LogScale{}
	p.Y.Min = math.Min(lo, ticks[0].Value)
	p.Y.Max = math.Max(hi, ticks[len(ticks)-1].Value)
	return p
}

// styled is a plot without data or ranges.
func styled(yLabel string, ticks []plot.Tick) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = paper
	p.X.Padding, p.Y.Padding = 0, 0
	p.Y.Label.Text = yLabel
	p.Y.Label.TextStyle = plain(labelSize, ink)
	p.Y.Label.TextStyle.XAlign, p.Y.Label.TextStyle.YAlign = draw.XCenter, draw.YBottom
	p.X.Label.TextStyle = plain(labelSize, ink)
	p.X.Label.TextStyle.XAlign, p.X.Label.TextStyle.YAlign = draw.XCenter, draw.YBottom
	p.X.Tick.Label = plain(labelSize, ink)
	p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = draw.XCenter, draw.YTop
	p.Y.Tick.Label = plain(labelSize-1, ink)
	p.Y.Tick.Label.XAlign, p.Y.Tick.Label.YAlign = draw.XRight, draw.YCenter
	p.Y.LineStyle.Width, p.Y.Tick.LineStyle.Width = 0, 0
	p.X.LineStyle.Color, p.X.Tick.LineStyle.Color = ink, ink
	p.X.Tick.Length, p.X.Label.Padding = 4, 2
	p.Y.Tick.Marker = plot.ConstantTicks(ticks)
	grid := plotter.NewGrid()
	grid.Vertical.Width = 0
	grid.Horizontal.Color = rule
	p.Add(grid)
	return p
}

// decadeTicks marks the powers of ten around lo..hi, and twice and five times them where
// there are few.
func decadeTicks(lo, hi float64, format func(float64) string) []plot.Tick {
	if !(lo > 0 && hi >= lo) {
		return []plot.Tick{{Value: 1, Label: units.Trim(format(1))}, {Value: 10, Label: units.Trim(format(10))}}
	}
	factors := []float64{1, 2, 5}
	if hi/lo > 1000 {
		factors = []float64{1}
	}
	var all []plot.Tick
	for power := math.Floor(math.Log10(lo)); power <= math.Ceil(math.Log10(hi)); power++ {
		for _, factor := range factors {
			value := factor * math.Pow(10, power)
			all = append(all, plot.Tick{Value: value, Label: units.Trim(format(value))})
		}
	}
	// One mark beyond the values at either end.
	first, last := 0, len(all)-1
	for first+1 < len(all) && all[first+1].Value <= lo {
		first++
	}
	for last-1 > first && all[last-1].Value >= hi {
		last--
	}
	return all[first : last+1]
}

// evenTicks marks four to nine round values from zero to just below or at the top.
func evenTicks(top float64, format func(float64) string) []plot.Tick {
	if !(top > 0) {
		return []plot.Tick{{Value: 0, Label: "0"}, {Value: 1, Label: units.Trim(format(1))}}
	}
	step := math.Pow(10, math.Floor(math.Log10(top/4)))
	for _, factor := range []float64{2, 2.5, 2} { // 2, 5, 10 times the power of ten
		if top/step <= 8 {
			break
		}
		step *= factor
	}
	ticks := []plot.Tick{{Value: 0, Label: "0"}}
	for i := 1.0; i*step <= top*1.0001; i++ {
		ticks = append(ticks, plot.Tick{Value: i * step, Label: units.Trim(format(i * step))})
	}
	return ticks
}
