package plots

import (
	"bytes"
	"image/color"
	"io"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Figure is one drawing: a title, a legend in one row, the plot, and a caption that says
// under what conditions it was measured.
type Figure struct {
	Name    string // file name without its ending
	Title   string
	Caption string
	legend  []legendEntry
	plot    *plot.Plot
}

// legendEntry is a coloured mark and its name. A line mark stands for a series of points.
type legendEntry struct {
	name  string
	color color.NRGBA
	line  *draw.LineStyle
	glyph draw.GlyphDrawer
}

// WriteSVG draws the figure as SVG.
func (f *Figure) WriteSVG(w io.Writer) error {
	canvas := vgsvg.New(width, height)
	f.draw(draw.New(canvas))
	var drawing bytes.Buffer
	if _, err := canvas.WriteTo(&drawing); err != nil {
		return err
	}
	// Arial and Helvetica have the widths of Liberation Sans, which few readers have.
	const measured, families = "font-family:Liberation Sans;",
		"font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"
	_, err := io.WriteString(w, strings.ReplaceAll(drawing.String(), measured, families))
	return err
}

// WritePNG draws the figure as PNG.
func (f *Figure) WritePNG(w io.Writer) error {
	canvas := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(pngDPI))
	f.draw(draw.New(canvas))
	_, err := vgimg.PngCanvas{Canvas: canvas}.WriteTo(w)
	return err
}

func (f *Figure) draw(c draw.Canvas) {
	c.FillPolygon(paper, corners(c.Rectangle))
	c = draw.Crop(c, margin, -margin, margin, -margin)

	title := bold(titleSize, ink)
	title.YAlign = draw.YTop
	c.FillText(title, vg.Point{X: c.Min.X, Y: c.Max.Y}, f.Title)
	c.Max.Y -= title.Height(f.Title) + gap

	c.Max.Y -= drawLegend(c, f.legend) + gap

	caption := plain(smallSize, faint)
	caption.YAlign = draw.YTop
	lines := wrap(caption, f.Caption, c.Max.X-c.Min.X)
	used := caption.Height(lines)
	c.FillText(caption, vg.Point{X: c.Min.X, Y: c.Min.Y + used}, lines)
	c.Min.Y += used + gap

	f.plot.Draw(c)
}

// drawLegend puts the entries next to each other, in more rows where they do not fit, and
// returns the height they took.
func drawLegend(c draw.Canvas, entries []legendEntry) vg.Length {
	const mark, space = 9, 4
	style := plain(labelSize, ink)
	style.YAlign = draw.YCenter
	rowHeight := style.Height("X") + 3
	at := vg.Point{X: c.Min.X, Y: c.Max.Y - rowHeight/2}
	for _, e := range entries {
		markWidth := vg.Length(mark)
		if e.line != nil {
			markWidth = 3 * mark
		}
		entryWidth := markWidth + space + style.Width(e.name) + 4*space
		if at.X > c.Min.X && at.X+entryWidth > c.Max.X {
			at = vg.Point{X: c.Min.X, Y: at.Y - rowHeight}
		}
		if e.line != nil {
			c.StrokeLine2(*e.line, at.X, at.Y, at.X+markWidth, at.Y)
			glyph := draw.GlyphStyle{Color: e.color, Radius: 3, Shape: e.glyph}
			c.DrawGlyphNoClip(glyph, vg.Point{X: at.X + markWidth/2, Y: at.Y})
		} else {
			c.FillPolygon(e.color, corners(vg.Rectangle{
				Min: vg.Point{X: at.X, Y: at.Y - mark/2},
				Max: vg.Point{X: at.X + mark, Y: at.Y + mark/2},
			}))
		}
		c.FillText(style, vg.Point{X: at.X + markWidth + space, Y: at.Y}, e.name)
		at.X += entryWidth
	}
	return c.Max.Y - at.Y + rowHeight/2
}

func corners(r vg.Rectangle) []vg.Point {
	return []vg.Point{r.Min, {X: r.Max.X, Y: r.Min.Y}, r.Max, {X: r.Min.X, Y: r.Max.Y}}
}

// wrap breaks words into lines no wider than limit.
func wrap(style text.Style, words string, limit vg.Length) string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(words) {
		longer := strings.TrimSpace(line + " " + word)
		if line != "" && style.Width(longer) > limit {
			lines = append(lines, line)
			longer = word
		}
		line = longer
	}
	return strings.Join(append(lines, line), "\n")
}
