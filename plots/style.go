package plots

import (
	"image/color"
	"slices"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// Sizes of a figure in points. 620 pt is 827 CSS pixels, the width of a README column.
const (
	width     = vg.Length(620)
	height    = vg.Length(350)
	margin    = vg.Length(10)
	gap       = vg.Length(6)
	titleSize = vg.Length(13)
	labelSize = vg.Length(10)
	smallSize = vg.Length(8)
	pngDPI    = 144 // twice what 72 dpi would give: sharp on a dense screen
)

var (
	ink   = color.NRGBA{0x22, 0x22, 0x22, 0xff}
	faint = color.NRGBA{0x59, 0x59, 0x59, 0xff}
	rule  = color.NRGBA{0xdd, 0xdd, 0xdd, 0xff}
	paper = color.NRGBA{0xff, 0xff, 0xff, 0xff}
)

// Colours of Okabe and Ito, Color Universal Design (2008): told apart with each common
// kind of colour blindness. BPF-DB's two main paths are the two blues.
var (
	blue      = color.NRGBA{0x00, 0x72, 0xb2, 0xff}
	sky       = color.NRGBA{0x56, 0xb4, 0xe9, 0xff}
	vermilion = color.NRGBA{0xd5, 0x5e, 0x00, 0xff}
	green     = color.NRGBA{0x00, 0x9e, 0x73, 0xff}
	purple    = color.NRGBA{0xcc, 0x79, 0xa7, 0xff}
	yellow    = color.NRGBA{0xf0, 0xe4, 0x42, 0xff}
	orange    = color.NRGBA{0xe6, 0x9f, 0x00, 0xff}
	grey      = color.NRGBA{0x99, 0x99, 0x99, 0xff}
	black     = color.NRGBA{0x44, 0x44, 0x44, 0xff}
)

var systemColors = map[string]color.NRGBA{
	"bpfdb-sockmap": blue,
	"bpfdb-user":    sky,
	"bpfdb-wire":    purple,
	"bpfdb-local":   yellow,
	"redis":         vermilion,

	// Durable ones are not in a figure with the paths.
	"bpfdb-async":    sky,
	"bpfdb-sync":     blue,
	"redis-everysec": orange,
	"redis-always":   purple,
	"redis-rdb":      grey,

	"dragonfly": green,
}

// systemColor is a known system's own colour. Others take what is left, by their place
// among the figure's unknown systems.
func systemColor(system string, systems []string) color.NRGBA {
	if c, known := systemColors[system]; known {
		return c
	}
	unknown := slices.DeleteFunc(slices.Clone(systems), func(name string) bool {
		_, known := systemColors[name]
		return known
	})
	spare := []color.NRGBA{orange, grey, black}
	return spare[slices.Index(unknown, system)%len(spare)]
}

func sans(size vg.Length, weight xfont.Weight, c color.Color) text.Style {
	face := font.Font{Typeface: "Liberation", Variant: "Sans", Size: size, Weight: weight}
	return text.Style{Font: face, Color: c, Handler: plot.DefaultTextHandler}
}

func plain(size vg.Length, c color.Color) text.Style { return sans(size, xfont.WeightNormal, c) }

func bold(size vg.Length, c color.Color) text.Style { return sans(size, xfont.WeightBold, c) }
