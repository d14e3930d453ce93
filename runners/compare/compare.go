// Package compare sets two runs side by side, cell by cell. The runs were measured apart,
// so the machine's drift between them is part of every difference: what it prints is a
// hint. Package gate compares builds under conditions that allow a verdict.
package compare

import (
	"errors"
	"fmt"
	"slices"

	"bpfdb/results"
	"bpfdb/runners/stats"
)

// ErrNothing means that the runs have no cell in common.
var ErrNothing = errors.New("nothing to compare")

// Confidence of the intervals.
const Confidence = 0.95

// Row is one metric of one cell in both runs.
type Row struct {
	Cell   results.Cell
	Metric string
	A, B   float64     // medians over good trials
	Ratio  stats.Ratio // B over A
}

// metrics are read off every good trial; a value that is not positive is left out.
var metrics = []struct {
	name  string
	value func(*results.Trial) float64
}{
	{"throughput_ops", func(t *results.Trial) float64 { return t.ThroughputOps }},
	{"p50_ns", func(t *results.Trial) float64 { return float64(t.All().P50NS) }},
	{"p99_ns", func(t *results.Trial) float64 { return float64(t.All().P99NS) }},
	{"cpu_per_op_ns", func(t *results.Trial) float64 { return t.CPU.PerOpNS }},
}

// Runs compares the cells that both runs hold, in the order of the first.
func Runs(a, b *results.Run) ([]Row, error) {
	var cells []results.Cell
	for _, t := range a.Trials {
		if !slices.Contains(cells, t.Cell) {
			cells = append(cells, t.Cell)
		}
	}
	var rows []Row
	for _, cell := range cells {
		for _, metric := range metrics {
			ours, theirs := values(a, cell, metric.value), values(b, cell, metric.value)
			ratio, err := stats.UnpairedRatio(theirs, ours, Confidence, a.Seed)
			if err != nil {
				continue // one of the runs lacks the cell or has no good trial of it
			}
			rows = append(rows, Row{cell, metric.name, stats.Median(ours), stats.Median(theirs), ratio})
		}
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%w: the runs have no cell with good trials in common", ErrNothing)
	}
	return rows, nil
}

func values(run *results.Run, cell results.Cell, value func(*results.Trial) float64) []float64 {
	var found []float64
	for i := range run.Trials {
		if t := &run.Trials[i]; t.Cell == cell && t.Failure == "" && t.All() != nil && value(t) > 0 {
			found = append(found, value(t))
		}
	}
	return found
}

// Differences lists in words what the environments of the runs do not have in common, and
// so may stand behind any difference between them.
func Differences(a, b *results.Run) []string {
	var found []string
	for _, c := range []struct {
		what string
		a, b any
	}{
		{"kernel", a.Environment.Kernel, b.Environment.Kernel},
		{"processor", a.Environment.CPUModel, b.Environment.CPUModel},
		{"processors", a.Environment.CPUs, b.Environment.CPUs},
		{"governor", a.Environment.Governor, b.Environment.Governor},
		{"commit", a.Environment.GitCommit, b.Environment.GitCommit},
		{"uncommitted changes", a.Environment.GitDirty, b.Environment.GitDirty},
		{"profile", a.Profile, b.Profile},
		{"seed", a.Seed, b.Seed},
	} {
		if c.a != c.b {
			found = append(found, fmt.Sprintf("%s: %v against %v", c.what, c.a, c.b))
		}
	}
	for _, s := range a.Systems {
		at := slices.IndexFunc(b.Systems, func(o results.System) bool { return o.Name == s.Name })
		if at >= 0 && b.Systems[at].BinarySHA256 != s.BinarySHA256 {
			found = append(found, fmt.Sprintf("%s: another binary (%q against %q)", s.Name, s.Version,
				b.Systems[at].Version))
		}
	}
	return found
}
