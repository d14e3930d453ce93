package plots

import (
	"image/color"
	"io"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgpdf"
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

// WritePNG draws the figure as PNG.
func (f *Figure) WritePNG(w io.Writer) error {
	canvas := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(pngDPI))
	f.draw(draw.New(canvas))
	_, err := vgimg.PngCanvas{Canvas: canvas}.WriteTo(w)
	return err
}

// WritePDF draws the figure as PDF with its fonts embedded, for papers.
func (f *Figure) WritePDF(w io.Writer) error {
	canvas := vgpdf.New(width, height)
	canvas.EmbedFonts(true)
	// vgpdf of gonum 0.17 registers every font it embeds as upright regular and then asks for
	// the bold one by its weight; a title of regular weight goes around that.
	f.drawTitled(draw.New(westernCanvas{canvas}), plain(titleSize, ink))
	_, err := canvas.WriteTo(w)
	return err
}

// westernCanvas draws text on PDF, whose embedded fonts are addressed in Windows-1252.
type westernCanvas struct{ *vgpdf.Canvas }

// FillString writes what the encoding has; other runes become a question mark.
func (c westernCanvas) FillString(face font.Face, at vg.Point, text string) {
	encoded, err := encoding.ReplaceUnsupported(charmap.Windows1252.NewEncoder()).String(text)
	if err != nil {
		encoded = text
	}
	c.Canvas.FillString(face, at, encoded)
}

func (f *Figure) draw(c draw.Canvas) { f.drawTitled(c, bold(titleSize, ink)) }

func (f *Figure) drawTitled(c draw.Canvas, title text.Style) {
	c.FillPolygon(paper, corners(c.Rectangle))
	c = draw.Crop(c, margin, -margin, margin, -margin)

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

	// gonum 0.17 looks for the middle of an axis in data coordinates, which on a logarithmic one
	// lies near the top, and leaves room there for half the label: that label is drawn here.
	if label := f.plot.Y.Label.Text; isLogarithmic(f.plot) {
		f.plot.Y.Label.Text = ""
		defer func() { f.plot.Y.Label.Text = label }()
		c = drawYLabel(c, label)
	}
	f.plot.Draw(c)
}

func isLogarithmic(p *plot.Plot) bool {
	_, is := p.Y.Scale.(plot.LogScale)
	return is
}

// drawYLabel writes the label of the y axis and returns what is left for the plot.
func drawYLabel(c draw.Canvas, label string) draw.Canvas {
	style := upright(plain(labelSize, ink))
	style.XAlign = draw.XCenter
	thickness := style.Font.Size
	c.FillText(style, vg.Point{X: c.Min.X + thickness/2, Y: c.Center().Y}, label)
	c.Min.X += thickness + gap
	return c
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
			if e.glyph != nil {
				glyph := draw.GlyphStyle{Color: e.color, Radius: 3, Shape: e.glyph}
				c.DrawGlyphNoClip(glyph, vg.Point{X: at.X + markWidth/2, Y: at.Y})
			}
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
