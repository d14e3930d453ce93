package summary

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"bpfdb/plots/units"
	"bpfdb/results"
)

// Axis is what a sweep varies.
type Axis struct {
	Name  string // as part of a file name: connections
	Title string // as it ends a figure's title: over connections
	Label string // of the axis, unit included
	// Categories says that positions are names and have no distance to each other.
	Categories bool
	least      int // points that make a sweep
}

// What can be swept.
var (
	Connections = Axis{"connections", "over connections", "connections", false, 3}
	OfferedRate = Axis{"rate", "over offered rate", "offered rate, operations per second", false, 2}
	Contention  = Axis{"contention", "over contention", "distribution of keys", true, 3}
)

// SweepPoint is one position on a sweep's axis.
type SweepPoint struct {
	X     float64
	Label string
	Panel *Panel
	Row   Row
}

// Sweep is one workload along an axis, everything else equal.
type Sweep struct {
	Axis     Axis
	Workload string
	Setting  Setting // of the first point
	Points   []SweepPoint
}

// Sweeps finds every series of panels, or of a panel's rows, that differ along one axis
// only, in the panels' order.
func (d *Data) Sweeps() []Sweep {
	var sweeps []Sweep
	for _, axis := range []Axis{Connections, OfferedRate} {
		sweeps = append(sweeps, d.sweepPanels(axis)...)
	}
	for _, panel := range d.Panels {
		sweeps = append(sweeps, panel.sweepRows()...)
	}
	return sweeps
}

// Swept tells whether every row of the panel is a point of some sweep.
func (d *Data) Swept(p *Panel) bool {
	swept := map[Row]bool{}
	for _, sweep := range d.Sweeps() {
		for _, point := range sweep.Points {
			if point.Panel == p {
				swept[point.Row] = true
			}
		}
	}
	return len(swept) == len(p.Rows)
}

// without is the setting with the axis left out, and the position on it.
func (a Axis) without(s Setting) (rest Setting, x float64) {
	if a.Name == Connections.Name {
		x, s.Connections = float64(s.Connections), 0
		return s, x
	}
	x, s.RateOps = s.RateOps, 0
	return s, x
}

// Rest is the setting with what the axis varies left out.
func (a Axis) Rest(s Setting) Setting {
	if a.Categories {
		return s
	}
	rest, _ := a.without(s)
	return rest
}

func (d *Data) sweepPanels(axis Axis) []Sweep {
	type key struct {
		rest Setting
		row  Row
	}
	index := map[key]int{}
	var sweeps []Sweep
	for _, panel := range d.Panels {
		rest, x := axis.without(panel.Setting)
		if x == 0 {
			continue
		}
		for _, row := range panel.Rows {
			at, known := index[key{rest, row}]
			if !known {
				at = len(sweeps)
				index[key{rest, row}] = at
				sweeps = append(sweeps, Sweep{Axis: axis, Workload: panel.Label(row), Setting: panel.Setting})
			}
			point := SweepPoint{x, units.Count(x), panel, row}
			sweeps[at].Points = append(sweeps[at].Points, point)
		}
	}
	return longEnough(sweeps)
}

// sweepRows finds workloads that one panel holds under several distributions of keys.
func (p *Panel) sweepRows() []Sweep {
	var sweeps []Sweep
	for _, row := range p.Rows {
		at := slices.IndexFunc(sweeps, func(s Sweep) bool { return s.Workload == row.Workload })
		if at < 0 {
			at = len(sweeps)
			sweeps = append(sweeps, Sweep{Axis: Contention, Workload: row.Workload, Setting: p.Setting})
		}
		sweeps[at].Points = append(sweeps[at].Points, SweepPoint{0, row.Distribution, p, row})
	}
	for _, sweep := range sweeps {
		slices.SortFunc(sweep.Points, func(a, b SweepPoint) int {
			aKind, aSkew := skew(a.Label)
			bKind, bSkew := skew(b.Label)
			return cmp.Or(cmp.Compare(aKind, bKind), cmp.Compare(aSkew, bSkew), cmp.Compare(a.Label, b.Label))
		})
		for i := range sweep.Points {
			sweep.Points[i].X = float64(i)
		}
	}
	return longEnough(sweeps)
}

// skew orders distributions by how much they contend for keys: uniform, zipfian by its
// theta, then hot spots, the fewest keys last.
func skew(distribution string) (kind int, amount float64) {
	name, parameters, _ := strings.Cut(distribution, ":")
	first, _, _ := strings.Cut(parameters, ":")
	value, err := strconv.ParseFloat(first, 64)
	switch {
	case strings.HasSuffix(name, "zipfian") && err != nil:
		return 1, 0.99 // what both laws have without a parameter
	case strings.HasSuffix(name, "zipfian"):
		return 1, value
	case name == "hotspot":
		return 2, -value
	}
	return 0, 0
}

func longEnough(sweeps []Sweep) []Sweep {
	return slices.DeleteFunc(sweeps, func(s Sweep) bool {
		positions := map[float64]bool{}
		for _, point := range s.Points {
			positions[point.X] = true
		}
		return len(positions) < s.Axis.least
	})
}

// Systems lists the columns of all points, once each, in the points' order.
func (s Sweep) Systems() []results.System {
	var systems []results.System
	for _, point := range s.Points {
		for _, system := range point.Panel.Systems {
			if !slices.ContainsFunc(systems, func(o results.System) bool { return o.Name == system.Name }) {
				systems = append(systems, system)
			}
		}
	}
	return systems
}

// kept is the share of the offered rate that a system must answer to have kept up.
const kept = 0.98

// KeptUp is the highest offered rate up to which a system answered what was offered, at all
// rates below too: the knee of its curve lies between that and the next. highest says that
// there is no next; 0 is not even the lowest.
func (s Sweep) KeptUp(system results.System) (rate float64, highest bool) {
	points := slices.SortedFunc(slices.Values(s.Points), func(a, b SweepPoint) int { return cmp.Compare(a.X, b.X) })
	for _, point := range points {
		answered, missing := point.Panel.Estimate(system, point.Row, Throughput)
		if missing != "" {
			continue
		}
		if answered.Median < kept*point.X {
			return rate, false
		}
		rate = point.X
	}
	return rate, true
}

// String names what all points have in common: "ycsb-a, connections, 100 B values, ...".
func (s Sweep) String() string {
	rest := s.Axis.Rest(s.Setting)
	if s.Workload == rest.Experiment {
		return rest.String()
	}
	return s.Workload + ", " + rest.String()
}
