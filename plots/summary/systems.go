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

// order is the position of the systems we know in every figure and table, ours first.
var order = []string{"bpfdb-local", "bpfdb-wire", "bpfdb-sockmap", "bpfdb-user", Redis, Dragonfly}

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

func rank(system string) int {
	if at := slices.Index(order, system); at >= 0 {
		return at
	}
	return len(order)
}
