package summary

import (
	"fmt"

	"bpfdb/plots/units"
	"bpfdb/results"
)

// Metric is one quantity read off a trial.
type Metric struct {
	Name   string // as part of a file name: throughput
	Title  string // as a figure is headed: Throughput
	Axis   string // as an axis is labelled, unit included
	Format func(float64) string
	value  func(*results.Trial) float64
}

// The metrics every run has.
var (
	Throughput = Metric{"throughput", "Throughput", "operations per second", units.Rate,
		func(t *results.Trial) float64 { return t.ThroughputOps }}
	P50 = Metric{"p50", "Median latency", "p50 service time", units.Duration,
		func(t *results.Trial) float64 { return float64(allOps(t).P50NS) }}
	P99 = Metric{"p99", "p99 latency", "p99 service time", units.Duration,
		func(t *results.Trial) float64 { return float64(allOps(t).P99NS) }}
	CPU = Metric{"cpu", "CPU time per operation", "whole-machine CPU time per operation", units.Duration,
		func(t *results.Trial) float64 { return t.CPU.PerOpNS }}
)

// everyOp is the name a trial gives the latencies of all operation kinds together.
const everyOp = "all"

func allOps(t *results.Trial) *results.OpLatency {
	for i := range t.Latency {
		if t.Latency[i].Op == everyOp {
			return &t.Latency[i]
		}
	}
	return nil
}

// checkTrial refuses a good trial that lacks a figure every good trial has.
func checkTrial(t *results.Trial) error {
	if t.Failure != "" {
		return nil
	}
	if allOps(t) == nil {
		return fmt.Errorf("%w: trial %d (%s, %s) has no latency entry %q",
			ErrRun, t.Order, t.Cell.System, t.Cell.Workload, everyOp)
	}
	for _, m := range []Metric{Throughput, P50, P99, CPU} {
		if !(m.value(t) > 0) {
			return fmt.Errorf("%w: trial %d (%s, %s): %s is %v, not above zero",
				ErrRun, t.Order, t.Cell.System, t.Cell.Workload, m.Name, m.value(t))
		}
	}
	return nil
}
