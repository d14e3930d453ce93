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

// groupShare is the part of a group's width that its bars take.
const groupShare = 0.84

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
	slot := groupShare / float64(len(g.colors))
	label := g.labelStyle(toX(slot) - toX(0))
	for i, group := range g.groups {
		for j, b := range group {
			left := float64(i) - groupShare/2 + float64(j)*slot
			area := vg.Rectangle{
				Min: vg.Point{X: toX(left + slot*0.04), Y: toY(0)},
				Max: vg.Point{X: toX(left + slot*0.96), Y: toY(b.estimate.Median)},
			}
			if b.missing != "" {
				drawMissing(c, area, b.missing)
				continue
			}
			c.FillPolygon(g.colors[j], corners(area))
			drawTrials(c, area, b.estimate, toY)
			c.FillText(label, vg.Point{X: (area.Min.X + area.Max.X) / 2, Y: toY(b.top()) + 4}, b.label)
		}
	}
}

// labelStyle writes medians level where every one fits its bar, else upright.
func (g *groupedBars) labelStyle(slot vg.Length) text.Style {
	style := plain(smallSize, ink)
	style.XAlign, style.YAlign = draw.XCenter, draw.YBottom
	for _, group := range g.groups {
		for _, b := range group {
			if style.Width(b.label) > slot {
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

func drawMissing(c draw.Canvas, area vg.Rectangle, why string) {
	style := upright(plain(smallSize, faint))
	c.FillText(style, vg.Point{X: (area.Min.X + area.Max.X) / 2, Y: area.Min.Y + 4}, why)
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
