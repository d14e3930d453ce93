package history

import (
	"fmt"
	"slices"
	"strings"
)

const dependencies = ww | wr | rw

// searches go from the worst anomaly to the mildest: a cycle holds an edge of `needs`, and a way back along `back`.
var searches = []struct{ needs, back kind }{{ww, ww}, {wr, ww | wr}, {rw, ww | wr}, {rw, dependencies}}

// maxStarts bounds the edges of one part from which the shortest cycle is looked for.
const maxStarts = 32

// findCycles reports cycles: of dependencies alone, then with the order of sessions, then with that of time.
func (c *checker) findCycles() {
	if len(c.components(dependencies|session|instant)) == 0 {
		return
	}
	for _, orders := range []kind{0, session, session | instant} {
		for _, s := range searches {
			for _, part := range c.components(s.needs | s.back | orders) {
				if cycle := c.shortest(part, s.needs, s.back|orders); cycle != nil {
					c.reportCycle(cycle)
				}
			}
		}
	}
}

// hop is an edge with where it starts.
type hop struct {
	from int
	edge
}

// shortest returns the shortest cycle found in one part that begins with an edge of `needs`; nil if none does.
func (c *checker) shortest(part []int, needs, back kind) (best []hop) {
	inside := make(map[int]bool, len(part))
	for _, node := range part {
		inside[node] = true
	}
	starts := 0
	for _, node := range part {
		for _, e := range c.edges[node] {
			if e.kind&needs == 0 || !inside[e.to] {
				continue
			}
			if starts++; starts > maxStarts {
				return best
			}
			way := c.path(e.to, node, back, inside)
			if way != nil && (best == nil || c.length(way)+1 < c.length(best)) {
				best = append([]hop{{node, e}}, way...)
			}
		}
	}
	return best
}

// length counts the transactions that a way leads to.
func (c *checker) length(way []hop) (n int) {
	for _, s := range way {
		if s.to < len(c.txns) {
			n++
		}
	}
	return n
}

// path returns the way between two nodes of a part that takes the fewest transactions; nil if there is none.
func (c *checker) path(from, to int, kinds kind, inside map[int]bool) []hop {
	came := map[int]hop{from: {from: -1}}
	var next []int // one transaction further
	for queue := []int{from}; len(queue) > 0; queue, next = next, nil {
		for at := 0; at < len(queue); at++ {
			for _, e := range c.edges[queue[at]] {
				if _, ok := came[e.to]; ok || e.kind&kinds == 0 || !inside[e.to] {
					continue
				}
				came[e.to] = hop{queue[at], e}
				if e.to < len(c.txns) {
					next = append(next, e.to)
				} else {
					queue = append(queue, e.to)
				}
			}
		}
		if _, ok := came[to]; ok {
			break
		}
	}
	if _, ok := came[to]; !ok {
		return nil
	}
	var way []hop
	for node := to; node != from; node = came[node].from {
		way = append(way, came[node])
	}
	slices.Reverse(way)
	return way
}

// reportCycle names a cycle by the edges in it, and tells it from its first transaction on.
func (c *checker) reportCycle(cycle []hop) {
	first := slices.MinFunc(cycle, func(a, b hop) int { return a.from - b.from })
	at := slices.Index(cycle, first)
	cycle = slices.Concat(cycle[at:], cycle[:at])
	var txns []int
	var ties []string
	var kinds kind
	antis, since := 0, 0
	for _, s := range cycle {
		kinds |= s.kind
		if s.kind == rw {
			antis++
		}
		if s.from < len(c.txns) {
			since = s.from
			txns = append(txns, since)
		}
		if s.to < len(c.txns) { // else it is on its way over instants
			ties = append(ties, fmt.Sprintf("T%d must come before T%d: %s", since, s.to, c.reason(s)))
		}
	}
	name := cycleName(kinds, antis)
	if name == G2Item && len(txns) == 2 {
		ties = append(ties, "(write skew)")
	}
	c.report(name, txns, "%s", strings.Join(ties, "\n  "))
}

func cycleName(kinds kind, antis int) (name string) {
	switch {
	case antis > 1:
		name = G2Item
	case antis == 1:
		name = GSingle
	case kinds&wr != 0:
		name = G1c
	default:
		name = G0
	}
	switch {
	case kinds&instant != 0:
		name += "-realtime"
	case kinds&session != 0:
		name += "-process"
	}
	return name
}

// reason says why the end of an edge comes after its start.
func (c *checker) reason(s hop) string {
	switch s.kind {
	case ww:
		return fmt.Sprintf("ww, appended to list %d before it did", s.key)
	case wr:
		return fmt.Sprintf("wr, wrote list %d as it was read", s.key)
	case rw:
		return fmt.Sprintf("rw, read list %d before it was appended to", s.key)
	case session:
		return "earlier in the same session"
	default:
		return "returned before it was called"
	}
}
