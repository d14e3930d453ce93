package page

import (
	"path/filepath"

	"bpfdb/plots/summary"
	"bpfdb/plots/tables"
	"bpfdb/plots/units"
	"bpfdb/results"
)

// profile is a flame graph with where its samples were, or why it is missing.
type profile struct {
	Setting, System         string
	Missing                 string
	FlameGraph, Stacks      string // as seen from where the page lies
	Samples                 uint64
	Idle, User, Kernel, BPF string // shares of them
}

// profiles lists the trials under perf. A flame graph is too large to be part of a page.
func profiles(d *summary.Data, dir string) []profile {
	var all []profile
	for i, run := range d.Runs {
		runDir := ""
		if i < len(d.RunDirs) {
			runDir = d.RunDirs[i]
		}
		for _, t := range run.Instrumented {
			if t.Instrument != results.InstrumentPerf {
				continue
			}
			p := profile{Setting: tables.CellText(t.Cell), System: t.Cell.Arm(), Missing: t.NotInstalled}
			if t.Failure != "" {
				p.Missing = "failed: " + t.Failure
			}
			if seen := t.Profile; seen != nil {
				share := func(samples uint64) string {
					return units.Percent(float64(samples) / float64(max(seen.Samples, 1)))
				}
				p.FlameGraph, p.Stacks = link(dir, runDir, seen.FlameGraph), link(dir, runDir, seen.Stacks)
				p.Samples, p.Idle, p.User = seen.Samples, share(seen.Idle), share(seen.User)
				p.Kernel, p.BPF = share(seen.Kernel), share(seen.BPF)
			}
			all = append(all, p)
		}
	}
	return all
}

// link is the way from the page's directory to a file of a run; from the run where there is none.
func link(dir, runDir, file string) string {
	path := filepath.Join(runDir, filepath.FromSlash(file))
	from, err1 := filepath.Abs(dir)
	to, err2 := filepath.Abs(path)
	if err1 != nil || err2 != nil {
		return filepath.ToSlash(path)
	}
	way, err := filepath.Rel(from, to)
	if err != nil {
		return filepath.ToSlash(path)
	}
	return filepath.ToSlash(way)
}
