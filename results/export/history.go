package export

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"bpfdb/results"
	"bpfdb/runners/stats"
)

// ErrHistory means that runs are no history of one thing.
var ErrHistory = errors.New("no history")

// Series is one cell over the runs that measured it, oldest first.
type Series struct {
	Name   string // unlike that of any other cell and profile
	Points []Point
}

// Point is a run's median over its good trials of the cell.
type Point struct {
	Time    time.Time // when the run began
	Commit  string    // ending in -dirty where the source had uncommitted changes
	Kernel  string
	Version string // of the system, as it says itself
	Trials  int
	Values  []float64 // as HistoryMetrics
}

// HistoryMetrics are what a history holds of each cell: the same that two runs are compared by.
var HistoryMetrics = []struct {
	Name      string
	Direction int // 1: higher is better, -1: lower
	value     func(*results.Trial) float64
}{
	{"throughput_ops", 1, func(t *results.Trial) float64 { return t.ThroughputOps }},
	{"p50_ns", -1, func(t *results.Trial) float64 { return float64(t.All().P50NS) }},
	{"p99_ns", -1, func(t *results.Trial) float64 { return float64(t.All().P99NS) }},
	{"cpu_per_op_ns", -1, func(t *results.Trial) float64 { return t.CPU.PerOpNS }},
}

// History orders runs in time, by cell and profile, and sorts the series by name. Runs of different
// machines have no history in common: that, and not a single good trial, is ErrHistory.
func History(runs []*results.Run) ([]Series, error) {
	runs = slices.SortedFunc(slices.Values(runs), func(a, b *results.Run) int { return a.Started.Compare(b.Started) })
	byName := map[string]*Series{}
	var names []string
	for _, run := range runs {
		if first, e := runs[0].Environment, run.Environment; e.CPUModel != first.CPUModel || e.CPUs != first.CPUs {
			return nil, fmt.Errorf("%w: the run of %v was on %d × %s, that of %v on %d × %s", ErrHistory,
				runs[0].Started, first.CPUs, first.CPUModel, run.Started, e.CPUs, e.CPUModel)
		}
		for _, cell := range cells(run) {
			point := pointOf(run, cell)
			if point.Trials == 0 {
				continue // it has failed, which is no slowness
			}
			name := seriesName(run.Profile, cell)
			if byName[name] == nil {
				byName[name] = &Series{Name: name}
				names = append(names, name)
			}
			byName[name].Points = append(byName[name].Points, point)
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%w: none of the %d runs has a good trial", ErrHistory, len(runs))
	}
	slices.Sort(names)
	var all []Series
	for _, name := range names {
		all = append(all, *byName[name])
	}
	return all, nil
}

// cells lists those of a run once each.
func cells(run *results.Run) (all []results.Cell) {
	seen := map[results.Cell]bool{}
	for _, t := range run.Trials {
		if !seen[t.Cell] {
			seen[t.Cell] = true
			all = append(all, t.Cell)
		}
	}
	return all
}

func pointOf(run *results.Run, cell results.Cell) Point {
	p := Point{Time: run.Started.UTC(), Commit: run.Environment.GitCommit, Kernel: run.Environment.Kernel}
	if run.Environment.GitDirty {
		p.Commit += "-dirty"
	}
	for _, s := range run.Systems {
		if s.Name == cell.System {
			p.Version = s.Version
		}
	}
	values := make([][]float64, len(HistoryMetrics))
	for i := range run.Trials {
		t := &run.Trials[i]
		if t.Cell != cell || t.Failure != "" || t.All() == nil {
			continue
		}
		p.Trials++
		for m, metric := range HistoryMetrics {
			values[m] = append(values[m], metric.value(t))
		}
	}
	for _, v := range values {
		p.Values = append(p.Values, stats.Median(v))
	}
	return p
}

// seriesName is what people tell cells apart by, and a digest of all the rest.
func seriesName(profile string, c results.Cell) string {
	text, err := json.Marshal([]any{profile, c})
	if err != nil {
		panic(fmt.Sprintf("export: %v", err)) // no plain data fails to encode
	}
	sum := sha256.Sum256(text)
	name := fmt.Sprintf("%s.%s.%s.%s.v%d.c%d.p%d.%s.%s", c.Experiment, c.Arm(), c.Workload, c.Distribution,
		c.ValueBytes, c.Connections, c.Pipeline, profile, hex.EncodeToString(sum[:4]))
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" /:", r) {
			return '_'
		}
		return r
	}, name)
}
