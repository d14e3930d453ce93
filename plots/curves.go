package plots

import (
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"bpfdb/plots/summary"
)

// curve is one system along an axis.
type curve struct {
	name   string
	color  color.NRGBA
	style  lineStyle
	points []curvePoint
}

// curvePoint is an estimate at a position. A hollow one is drawn without filling: the
// load generator was the bottleneck there.
type curvePoint struct {
	x        float64
	estimate summary.Estimate
	hollow   bool
}

// lineStyle tells lines of one colour apart, by dash and mark.
type lineStyle int

// Dashes and marks by style; more styles than these repeat.
var (
	lineDashes = [][]vg.Length{nil, {6, 3}, {2, 2}, {8, 2, 2, 2}}
	lineGlyphs = []draw.GlyphDrawer{draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}, draw.CrossGlyph{}}
)

func (c curve) line() draw.LineStyle {
	return draw.LineStyle{Color: c.color, Width: 1.8, Dashes: lineDashes[int(c.style)%len(lineDashes)]}
}

func (c curve) glyph() draw.GlyphDrawer { return lineGlyphs[int(c.style)%len(lineGlyphs)] }

// curves draws lines through medians, a whisker for each interval and a faint dot for
// each trial. It implements plot.Plotter.
type curves []curve

// extent is the lowest positive and the highest value of all.
func (cs curves) extent() (lo, hi float64) {
	lo = math.Inf(1)
	for _, c := range cs {
		for _, point := range c.points {
			for _, value := range append(slices.Clone(point.estimate.Values), point.estimate.Lo, point.estimate.Hi) {
				hi = math.Max(hi, value)
				if value > 0 {
					lo = math.Min(lo, value)
				}
			}
		}
	}
	return lo, hi
}

// positions lists every x, ascending, once.
func (cs curves) positions() []float64 {
	var xs []float64
	for _, c := range cs {
		for _, point := range c.points {
			xs = append(xs, point.x)
		}
	}
	slices.Sort(xs)
	return slices.Compact(xs)
}

// legend has an entry for each curve.
func (cs curves) legend() []legendEntry {
	var legend []legendEntry
	for _, c := range cs {
		line := c.line()
		legend = append(legend, legendEntry{c.name, c.color, &line, c.glyph()})
	}
	return legend
}

// Plot draws the curves into the data area: all dots first, so that no line is hidden.
func (cs curves) Plot(canvas draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&canvas)
	// Values that an axis cannot show stay at its edge: a logarithm has no place for zero.
	y := func(value float64) vg.Length { return toY(math.Min(math.Max(value, p.Y.Min), p.Y.Max)) }
	for _, c := range cs {
		pale := c.color
		pale.A = 0x66
		for _, point := range c.points {
			for _, value := range point.estimate.Values {
				canvas.DrawGlyphNoClip(draw.GlyphStyle{Color: pale, Radius: 1.3, Shape: draw.CircleGlyph{}},
					vg.Point{X: toX(point.x), Y: y(value)})
			}
		}
	}
	for _, c := range cs {
		var path []vg.Point
		whisker := draw.LineStyle{Color: c.color, Width: 0.8}
		for _, point := range c.points {
			at := vg.Point{X: toX(point.x), Y: y(point.estimate.Median)}
			path = append(path, at)
			canvas.StrokeLine2(whisker, at.X, y(point.estimate.Lo), at.X, y(point.estimate.Hi))
		}
		canvas.StrokeLines(c.line(), path)
		for i, point := range c.points {
			canvas.DrawGlyphNoClip(draw.GlyphStyle{Color: c.color, Radius: 3, Shape: c.glyph()}, path[i])
			if point.hollow {
				canvas.DrawGlyphNoClip(draw.GlyphStyle{Color: paper, Radius: 1.8, Shape: draw.CircleGlyph{}}, path[i])
			}
		}
	}
}
