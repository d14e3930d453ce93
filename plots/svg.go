package plots

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"regexp"
	"strconv"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Arial and Helvetica have the widths of Liberation Sans, which few readers have.
const (
	measuredFamily = "font-family:Liberation Sans;"
	shownFamilies  = "font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"
)

// WriteSVG draws the figure as SVG. Every text keeps the width it was laid out with, also
// where a reader has none of the fonts.
func (f *Figure) WriteSVG(w io.Writer) error {
	canvas := vgsvg.New(width, height)
	f.draw(draw.New(canvas))
	var drawing bytes.Buffer
	if _, err := canvas.WriteTo(&drawing); err != nil {
		return err
	}
	text := bytes.ReplaceAll(drawing.Bytes(), []byte(measuredFamily), []byte(shownFamilies))
	_, err := w.Write(svgText.ReplaceAllFunc(text, fixWidth))
	return err
}

// svgText is one text element as vgsvg writes it: attributes, weight, size, the text.
var svgText = regexp.MustCompile(
	`<text ([^>]*font-weight:(normal|bold);[^>]*font-size:([0-9.]+)px[^>]*)>([^<]+)</text>`)

// fixWidth adds the text's measured width to its element.
func fixWidth(element []byte) []byte {
	parts := svgText.FindSubmatch(element)
	size, err := strconv.ParseFloat(string(parts[3]), 64)
	if err != nil {
		return element
	}
	style := plain(vg.Length(size), ink)
	if string(parts[2]) == "bold" {
		style = bold(vg.Length(size), ink)
	}
	measured := style.Width(html.UnescapeString(string(parts[4])))
	return fmt.Appendf(nil, `<text textLength="%.2f" lengthAdjust="spacingAndGlyphs" %s>%s</text>`,
		measured.Points(), parts[1], parts[4])
}
