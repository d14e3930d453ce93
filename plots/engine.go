package plots

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"bpfdb/plots/summary"
	"bpfdb/plots/units"
)

// engineFigures draws, for every value size, the engine's rate against table size.
func engineFigures(d *summary.Data) []*Figure {
	var figures []*Figure
	for _, valueBytes := range d.EngineValueBytes() {
		// Transactions of four keys are an order of magnitude slower: the table has them.
		series := slices.DeleteFunc(d.EngineSeries(valueBytes), func(s summary.EngineSeries) bool {
			return strings.HasPrefix(s.Op, "txn_")
		})
		figures = append(figures, &Figure{
			Name:    fmt.Sprintf("engine-rate-v%d", valueBytes),
			Title:   fmt.Sprintf("Engine alone: rate over table size, %d B values", valueBytes),
			Caption: engineCaption(d, valueBytes),
			legend:  engineLegend(series),
			plot:    enginePlot(series),
		})
	}
	return figures
}

func engineCaption(d *summary.Data, valueBytes int) string {
	run := d.Engines[0]
	return fmt.Sprintf("1 key = one %d-byte value. The engine is called inside the kernel: no network, "+
		"no server. set is a commit that writes one key; get16 and set16: keys arrive 16 at a time. "+
		"Line: median; dot: one measurement. %s, %s.",
		valueBytes, summary.Machine(run.Environment), run.Started.UTC().Format("2006-01-02"))
}

// engineStyle tells operations apart by colour and processors by dash and mark.
func engineStyle(s summary.EngineSeries) (draw.LineStyle, draw.GlyphDrawer) {
	line := draw.LineStyle{Color: engineColor(s.Op), Width: 2}
	if s.CPUs == 1 {
		line.Dashes = []vg.Length{5, 3}
		return line, draw.CircleGlyph{}
	}
	return line, draw.BoxGlyph{}
}

func engineColor(op string) color.NRGBA {
	switch op {
	case "get":
		return blue
	case "get16":
		return sky
	case "set16":
		return orange
	}
	return vermilion
}

func engineLegend(series []summary.EngineSeries) []legendEntry {
	var legend []legendEntry
	for _, s := range series {
		line, glyph := engineStyle(s)
		legend = append(legend, legendEntry{s.Name(), engineColor(s.Op), &line, glyph})
	}
	return legend
}

func enginePlot(series []summary.EngineSeries) *plot.Plot {
	const headroom = 1.1 // for the numbers above the highest point
	lines := &engineLines{series}
	p := newPlot("operations per second", lines.top()*headroom, units.Rate)
	keys := lines.keys()
	var ticks []plot.Tick
	for _, k := range keys {
		ticks = append(ticks, plot.Tick{Value: float64(k), Label: units.Count(float64(k))})
	}
	p.X.Scale = plot.LogScale{}
	p.X.Min, p.X.Max = float64(keys[0])/1.6, float64(keys[len(keys)-1])*1.6
	p.X.Tick.Marker = plot.ConstantTicks(ticks)
	p.X.Label.Text = "keys in the table (logarithmic)"
	p.Add(lines)
	return p
}

// engineLines draws the series; it implements plot.Plotter.
type engineLines struct{ series []summary.EngineSeries }

func (l *engineLines) top() float64 {
	top := 0.0
	for _, s := range l.series {
		for _, point := range s.Points {
			top = math.Max(top, slices.Max(point.Rate.Values))
		}
	}
	return top
}

// keys lists the table sizes of all series, ascending.
func (l *engineLines) keys() []uint64 {
	var keys []uint64
	for _, s := range l.series {
		for _, point := range s.Points {
			keys = append(keys, point.Keys)
		}
	}
	slices.SortFunc(keys, cmp.Compare[uint64])
	return slices.Compact(keys)
}

// Plot draws the lines into the data area, then the medians where there is room.
func (l *engineLines) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	const radius, clear = 3, 4
	var taken []vg.Rectangle
	for _, s := range l.series {
		line, glyph := engineStyle(s)
		style := draw.GlyphStyle{Color: engineColor(s.Op), Radius: radius, Shape: glyph}
		var path []vg.Point
		for _, point := range s.Points {
			at := vg.Point{X: toX(float64(point.Keys)), Y: toY(point.Rate.Median)}
			path = append(path, at)
			for _, value := range point.Rate.Values {
				dot := vg.Point{X: at.X, Y: toY(value)}
				c.DrawGlyphNoClip(style, dot)
				taken = append(taken, style.Rectangle().Add(dot))
			}
		}
		c.StrokeLines(line, path)
	}
	number := plain(smallSize, ink)
	number.XAlign, number.YAlign = draw.XCenter, draw.YBottom
	rise := number.Height("0")
	for _, s := range l.series {
		for _, point := range s.Points {
			x, text := toX(float64(point.Keys)), units.Rate(point.Rate.Median)
			above := vg.Point{X: x, Y: toY(slices.Max(point.Rate.Values)) + clear}
			below := vg.Point{X: x, Y: toY(slices.Min(point.Rate.Values)) - clear - rise}
			for _, at := range []vg.Point{above, below} {
				if box := number.Rectangle(text).Add(at); !overlaps(box, taken) {
					taken = append(taken, box)
					c.FillText(number, at, text)
					break
				}
			}
		}
	}
}

func overlaps(box vg.Rectangle, taken []vg.Rectangle) bool {
	return slices.ContainsFunc(taken, func(other vg.Rectangle) bool {
		return box.Min.X < other.Max.X && other.Min.X < box.Max.X &&
			box.Min.Y < other.Max.Y && other.Min.Y < box.Max.Y
	})
}
