package flame

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

// ErrEmpty means that there are no samples to draw.
var ErrEmpty = errors.New("no samples")

// Sizes in pixels. A letter of the monospaced font is letterPX wide.
const (
	widthPX    = 1200
	marginPX   = 10
	rowPX      = 16
	headPX     = 60
	letterPX   = 6.6
	leastPX    = 0.3 // narrower frames are not drawn
	leastText  = 3   // letters; less says nothing
	innerWidth = widthPX - 2*marginPX
)

// kinds are told apart by colours that stay different to the colour-blind (Okabe and Ito).
var kinds = []struct{ name, mark, color string }{
	{"kernel", kernelMark, "#8cc3e8"},
	{"BPF program", bpfMark, "#f0a35e"},
	{"user", "", "#b9dcb3"},
}

// Draw writes the stacks as one SVG file with nothing outside it. Each frame shows its whole name,
// samples and share when pointed at. title is text; a graph without samples is ErrEmpty.
func Draw(w io.Writer, title string, stacks Stacks) error {
	root := tree(stacks)
	if root.samples == 0 {
		return fmt.Errorf("flame graph %q: %w", title, ErrEmpty)
	}
	scale := float64(innerWidth) / float64(root.samples)
	all := boxes(root, uint64(math.Ceil(leastPX/scale)))
	levels := 0
	for _, b := range all {
		levels = max(levels, b.level)
	}
	height := headPX + (levels+1)*rowPX + marginPX
	d := drawing{bufio.NewWriter(w), scale, root.samples, height}
	d.head(title)
	for _, b := range all {
		d.box(b)
	}
	d.WriteString("</svg>\n")
	if err := d.Flush(); err != nil {
		return fmt.Errorf("flame graph %q: %w", title, err)
	}
	return nil
}

// drawing is an SVG file being written. Errors come out of Flush.
type drawing struct {
	*bufio.Writer
	scale   float64 // pixels per sample
	samples uint64
	height  int
}

// head writes the title and what the colours mean.
func (d drawing) head(title string) {
	fmt.Fprintf(d, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" `+
		`font-family="Liberation Mono, Consolas, monospace" font-size="11">`+"\n", widthPX, d.height)
	fmt.Fprintf(d, `<rect width="100%%" height="100%%" fill="#fff"/>`+"\n")
	fmt.Fprintf(d, `<text x="%d" y="20" font-size="14">%s</text>`+"\n", marginPX, escape(title))
	x := marginPX
	for _, kind := range kinds {
		fmt.Fprintf(d, `<rect x="%d" y="30" width="11" height="11" fill="%s"/><text x="%d" y="40">%s</text>`+"\n",
			x, kind.color, x+15, kind.name)
		x += 15 + int(letterPX*float64(len(kind.name))) + 20
	}
	fmt.Fprintf(d, `<text x="%d" y="40">%d samples; frames narrower than %g px are not drawn</text>`+"\n",
		x, d.samples, leastPX)
}

// box draws a frame.
func (d drawing) box(b box) {
	width := d.scale * float64(b.samples)
	x := marginPX + d.scale*float64(b.from)
	y := d.height - marginPX - (b.level+1)*rowPX
	fmt.Fprintf(d, `<g><title>%s: %d samples, %.2f %%</title><rect x="%.2f" y="%d" width="%.2f" height="%d" `+
		`fill="%s" stroke="#fff" stroke-width="0.5"/>`, escape(b.name), b.samples,
		100*float64(b.samples)/float64(d.samples), x, y, width, rowPX, color(b))
	if letters := int((width - 4) / letterPX); letters >= leastText {
		fmt.Fprintf(d, `<text x="%.2f" y="%d">%s</text>`, x+2, y+rowPX-4, escape(shorten(b.name, letters)))
	}
	d.WriteString("</g>\n")
}

// color is that of the frame's kind; the root and the commands on it are grey, as they are nobody's code.
func color(b box) string {
	if b.level < 2 {
		return "#dddddd"
	}
	for _, kind := range kinds {
		if strings.HasSuffix(b.name, kind.mark) {
			return kind.color
		}
	}
	return ""
}

// shorten cuts a name to so many letters, the last two then being dots.
func shorten(name string, letters int) string {
	runes := []rune(name)
	if len(runes) <= letters {
		return name
	}
	return string(runes[:letters-2]) + ".."
}

func escape(text string) string {
	var escaped strings.Builder
	_ = xml.EscapeText(&escaped, []byte(text)) // a Builder takes all
	return escaped.String()
}
