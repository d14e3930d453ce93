package summary

import (
	"fmt"
	"strings"

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
		func(t *results.Trial) float64 { return float64(t.All().P50NS) }}
	P99 = Metric{"p99", "p99 latency", "p99 service time", units.Duration,
		func(t *results.Trial) float64 { return float64(t.All().P99NS) }}
	CPU = Metric{"cpu", "CPU time per operation", "whole-machine CPU time per operation", units.Duration,
		func(t *results.Trial) float64 { return t.CPU.PerOpNS }}
)

// Of trials that have data on disk.
var (
	RecoveryTime = Metric{"recovery", "Recovery", "time from start until the records are held", units.Duration,
		func(t *results.Trial) float64 { return float64(t.DurationNS) }}
	DiskBytes = Metric{"disk", "Size on disk", "size of the data directory", units.Bytes,
		func(t *results.Trial) float64 { return float64(t.DiskBytes) }}
)

// AxisOf is the label of the metric's axis at a setting: what a latency is depends on when
// operations are sent.
func (m Metric) AxisOf(s Setting) string {
	if s.Arrival == "" {
		return m.Axis
	}
	return strings.Replace(m.Axis, "service time", "response time", 1)
}

// checkTrial refuses a good trial that lacks a figure every good trial has.
func checkTrial(t *results.Trial) error {
	if t.Failure != "" {
		return nil
	}
	if t.All() == nil {
		return fmt.Errorf("%w: trial %d (%s, %s) has no latency entry %q",
			ErrRun, t.Order, t.Cell.System, t.Cell.Workload, results.AllOps)
	}
	for _, m := range []Metric{Throughput, P50, P99, CPU} {
		if !(m.value(t) > 0) {
			return fmt.Errorf("%w: trial %d (%s, %s): %s is %v, not above zero",
				ErrRun, t.Order, t.Cell.System, t.Cell.Workload, m.Name, m.value(t))
		}
	}
	return nil
}
