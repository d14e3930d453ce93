package plots

import (
	"image/color"

	"bpfdb/plots/summary"
	"bpfdb/results"
)

// palette gives every column of a figure its colour and line.
type palette struct {
	names []string       // of systems, without modes
	seen  map[string]int // columns so far, by system
}

func newPalette(systems []results.System) *palette {
	p := &palette{seen: map[string]int{}}
	for _, system := range systems {
		p.names = append(p.names, system.Name)
	}
	return p
}

// curve is an empty line for a column; the modes of one system differ in dash and mark.
func (p *palette) curve(panel *summary.Panel, system results.System) curve {
	name, mode := panel.SystemOf(system.Name)
	if mode == "" {
		name = system.Name
	}
	c := curve{name: system.Name, color: systemColor(name, p.names), style: lineStyle(p.seen[name])}
	p.seen[name]++
	if version := versionNumber.FindString(system.Version); version != "" {
		c.name += " " + version
	}
	return c
}

// bar is the colour of a column's bars: that of its system, paler with each further mode.
func (p *palette) bar(panel *summary.Panel, system results.System) color.NRGBA {
	c := p.curve(panel, system)
	for range c.style {
		c.color = paler(c.color)
	}
	return c.color
}

// paler is a third of the way to white.
func paler(c color.NRGBA) color.NRGBA {
	toWhite := func(x uint8) uint8 { return x + (0xff-x)/3 }
	return color.NRGBA{toWhite(c.R), toWhite(c.G), toWhite(c.B), c.A}
}
