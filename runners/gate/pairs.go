package gate

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"bpfdb/results"
)

// The metrics that are judged.
const (
	MetricP99        = "p99"
	MetricThroughput = "throughput"
)

// The two sides of a comparison, as they end the names of systems: bpfdb-user@base.
const (
	baseSide = "base"
	headSide = "head"
)

// LeastRounds is the fewest paired rounds a block may have: with ten, a one-sided exact
// test can still reach 0.001.
const LeastRounds = 10

// leastLatencies is how many latencies a trial needs for its 99th percentile to rest on a
// hundred values.
const leastLatencies = 10_000

// ErrBroken means that a comparison could not be completed; it says nothing about builds.
var ErrBroken = errors.New("the comparison is broken")

// Pairs turns the trials of a block into tests, one pair per round. Every trial must be
// good: a failed one makes the block ErrBroken, as leaving it out could hide the very
// slowdown that made it fail.
func Pairs(run *results.Run) ([]Test, error) {
	type place struct {
		cell  string
		round int
	}
	bases := map[place]*results.Trial{}
	for i := range run.Trials {
		t := &run.Trials[i]
		if err := usable(t); err != nil {
			return nil, err
		}
		if side(t.Cell) == baseSide {
			bases[place{cellOf(t.Cell), t.Round}] = t
		}
	}
	index := map[string]int{}
	var tests []Test
	add := func(cell, metric string, worse float64) {
		at, known := index[cell+metric]
		if !known {
			at = len(tests)
			index[cell+metric] = at
			tests = append(tests, Test{Cell: cell, Metric: metric})
		}
		tests[at].Worse = append(tests[at].Worse, worse)
	}
	pairs := 0
	for i := range run.Trials {
		head := &run.Trials[i]
		if side(head.Cell) != headSide {
			continue
		}
		cell := cellOf(head.Cell)
		base := bases[place{cell, head.Round}]
		if base == nil {
			return nil, fmt.Errorf("%w: %s, round %d: no base", ErrBroken, cell, head.Round)
		}
		pairs++
		add(cell, MetricP99, math.Log(p99(head)/p99(base)))
		add(cell, MetricThroughput, math.Log(base.ThroughputOps/head.ThroughputOps))
	}
	if pairs == 0 || 2*pairs != len(run.Trials) {
		return nil, fmt.Errorf("%w: %d pairs in %d trials", ErrBroken, pairs, len(run.Trials))
	}
	return tests, nil
}

func side(c results.Cell) string {
	_, side, _ := strings.Cut(c.System, "@")
	return side
}

// cellOf names a point on a system, whichever its side.
func cellOf(c results.Cell) string {
	system, _, _ := strings.Cut(c.System, "@")
	return fmt.Sprintf("%s %s %d B c%d p%d", system, c.Workload, c.ValueBytes, c.Connections, c.Pipeline)
}

func usable(t *results.Trial) error {
	switch l := t.All(); {
	case t.Failure != "":
		return fmt.Errorf("%w: %s, round %d: %s", ErrBroken, t.Cell.System, t.Round, t.Failure)
	case l == nil || l.Count < leastLatencies:
		return fmt.Errorf("%w: %s, round %d: fewer than %d latencies", ErrBroken, t.Cell.System, t.Round,
			leastLatencies)
	case !(l.P99NS > 0) || !(t.ThroughputOps > 0):
		return fmt.Errorf("%w: %s, round %d: nothing measured", ErrBroken, t.Cell.System, t.Round)
	}
	return nil
}

func p99(t *results.Trial) float64 { return float64(t.All().P99NS) }
