package plots

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"bpfdb/plots/summary"
)

const (
	groupShare = 0.84 // part of a group's width that its bars take
	barShare   = 0.92 // part of its place that a bar fills
	maxPlace   = vg.Length(60)
)

// bar is one cell of a panel: an estimate, or the words that say why there is none.
type bar struct {
	estimate summary.Estimate
	label    string // the median, written above the bar
	missing  string
}

// top is the highest value drawn for the bar.
func (b bar) top() float64 {
	top := math.Max(b.estimate.Median, b.estimate.Hi)
	for _, value := range b.estimate.Values {
		top = math.Max(top, value)
	}
	return top
}

// groupedBars draws one group per workload at x = 0, 1, 2, ... and in it one bar per
// system. It implements plot.Plotter.
type groupedBars struct {
	groups [][]bar // by workload, then system
	colors []color.NRGBA
}

// top is the highest value of all bars.
func (g *groupedBars) top() float64 {
	top := 0.0
	for _, group := range g.groups {
		for _, b := range group {
			top = math.Max(top, b.top())
		}
	}
	return top
}

// Plot draws the bars into the data area.
func (g *groupedBars) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	bars := vg.Length(len(g.colors))
	place := min((toX(groupShare)-toX(0))/bars, maxPlace)
	label := g.labelStyle(place)
	for i, group := range g.groups {
		for j, b := range group {
			middle := toX(float64(i)) + (vg.Length(j)-(bars-1)/2)*place
			if b.missing != "" {
				c.FillText(upright(plain(smallSize, faint)), vg.Point{X: middle, Y: toY(0) + 4}, b.missing)
				continue
			}
			area := vg.Rectangle{
				Min: vg.Point{X: middle - place*barShare/2, Y: toY(0)},
				Max: vg.Point{X: middle + place*barShare/2, Y: toY(b.estimate.Median)},
			}
			c.FillPolygon(g.colors[j], corners(area))
			drawTrials(c, area, b.estimate, toY)
			c.FillText(label, vg.Point{X: middle, Y: toY(b.top()) + 4}, b.label)
		}
	}
}

// labelStyle writes medians level where every one fits its bar's place, else upright.
func (g *groupedBars) labelStyle(place vg.Length) text.Style {
	style := plain(smallSize, ink)
	style.XAlign, style.YAlign = draw.XCenter, draw.YBottom
	for _, group := range g.groups {
		for _, b := range group {
			if style.Width(b.label) > place {
				return upright(style)
			}
		}
	}
	return style
}

// upright turns a style so that text starts at its point and runs upwards.
func upright(style text.Style) text.Style {
	style.Rotation = math.Pi / 2
	style.XAlign, style.YAlign = draw.XLeft, draw.YCenter
	return style
}

// drawTrials draws the interval as a whisker in the middle of the bar and every trial as
// a dot, from left to right in the order they ran.
func drawTrials(c draw.Canvas, area vg.Rectangle, e summary.Estimate, toY func(float64) vg.Length) {
	line := draw.LineStyle{Color: ink, Width: 1}
	middle, barWidth := (area.Min.X+area.Max.X)/2, area.Max.X-area.Min.X
	if e.Hi > e.Lo {
		end := barWidth / 6
		c.StrokeLine2(line, middle, toY(e.Lo), middle, toY(e.Hi))
		c.StrokeLine2(line, middle-end, toY(e.Lo), middle+end, toY(e.Lo))
		c.StrokeLine2(line, middle-end, toY(e.Hi), middle+end, toY(e.Hi))
	}
	radius := min(1.8, barWidth/8)
	for i, value := range e.Values {
		share := (float64(i) + 0.5) / float64(len(e.Values)) // 0..1 across the bar
		at := vg.Point{X: area.Min.X + vg.Length(share)*barWidth, Y: toY(value)}
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: paper, Radius: radius, Shape: draw.CircleGlyph{}}, at)
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: ink, Radius: radius, Shape: draw.RingGlyph{}}, at)
	}
}
