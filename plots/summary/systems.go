package summary

import (
	"cmp"
	"slices"
	"strings"

	"bpfdb/results"
)

// Systems that tables compare with, by the names specs give them.
const (
	Redis     = "redis"
	Dragonfly = "dragonfly"
)

// UserPath is the path that the others are ablated to: the same engine, called by a process.
const UserPath = "bpfdb-user"

// Paths lists the panel's ways into our engine, the user path last; none when the panel
// lacks that one or has transactions, whose modes are another comparison.
func (p *Panel) Paths() []results.System {
	var paths []results.System
	for _, system := range p.Systems {
		if _, mode := p.SystemOf(system.Name); isOurs(system.Name) && mode == "" && p.has(system.Name) {
			paths = append(paths, system)
		}
	}
	if len(paths) == 0 || !slices.ContainsFunc(paths, func(s results.System) bool { return s.Name == UserPath }) {
		return nil
	}
	return paths
}

// order is the position of the systems we know in every figure and table, ours first.
var order = []string{"bpfdb-local", "bpfdb-wire", "bpfdb-sockmap", "bpfdb-user", "bpfdb-async", "bpfdb-sync", Redis,
	"redis-everysec", "redis-always", "redis-rdb", Dragonfly}

// isOurs tells whether a system is one of this project's paths.
func isOurs(system string) bool { return strings.HasPrefix(system, "bpfdb") }

// mergeSystems lists every system of the runs once. Installed in one run wins over not
// installed in another; the first description wins otherwise.
func mergeSystems(runs []*results.Run) []results.System {
	var merged []results.System
	for _, run := range runs {
		for _, system := range run.Systems {
			at := slices.IndexFunc(merged, func(s results.System) bool { return s.Name == system.Name })
			switch {
			case at < 0:
				merged = append(merged, system)
			case merged[at].NotInstalled != "" && system.NotInstalled == "":
				merged[at] = system
			}
		}
	}
	slices.SortStableFunc(merged, func(a, b results.System) int {
		return cmp.Or(cmp.Compare(rank(a.Name), rank(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	return merged
}

// modes is the position of the modes of transactions, fewest round trips first.
var modes = []string{"procedure", "lua", "multi", "interactive", "unsafe"}

func modeRank(mode string) int { return slices.Index(modes, mode) }

func rank(system string) int {
	if at := slices.Index(order, system); at >= 0 {
		return at
	}
	return len(order)
}
