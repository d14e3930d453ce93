package gate_test

import (
	"errors"
	"math"
	"testing"

	"bpfdb/results"
	"bpfdb/runners/gate"
)

var environment = results.Environment{Kernel: "6.99.0-test", CPUModel: "Test CPU", CPUs: 2}

// block invents trials: p99 and throughput of base and head, round by round.
func block(values ...[4]float64) *results.Run {
	run := &results.Run{}
	for round, v := range values {
		for side, name := range []string{"bpfdb-user@base", "bpfdb-user@head"} {
			run.Trials = append(run.Trials, results.Trial{
				Cell:  results.Cell{System: name, Workload: "ycsb-a", ValueBytes: 100, Connections: 50, Pipeline: 1},
				Round: round, ThroughputOps: v[2+side],
				Latency: []results.OpLatency{{Op: results.AllOps, Count: 20_000, P99NS: int64(v[side])}},
			})
		}
	}
	return run
}

func TestPairs(t *testing.T) {
	tests, err := gate.Pairs(block([4]float64{1000, 1200, 50, 40}, [4]float64{2000, 2000, 50, 100}))
	if err != nil {
		t.Fatal(err)
	}
	want := []gate.Test{
		{Metric: gate.MetricP99, Worse: []float64{math.Log(1.2), 0}},
		{Metric: gate.MetricThroughput, Worse: []float64{math.Log(1.25), -math.Log(2)}},
	}
	for i, test := range tests {
		if test.Cell != "bpfdb-user ycsb-a 100 B c50 p1" || test.Metric != want[i].Metric {
			t.Errorf("test %d is %s of %q", i, test.Metric, test.Cell)
		}
		for j, x := range test.Worse {
			if math.Abs(x-want[i].Worse[j]) > 1e-12 {
				t.Errorf("%s: got %v, want %v", test.Metric, test.Worse, want[i].Worse)
			}
		}
	}
}

// Whatever is missing or wrong breaks the comparison; it never thins it out.
func TestPairsRefuses(t *testing.T) {
	good := [4]float64{1000, 1200, 50, 40}
	for name, spoil := range map[string]func(*results.Run){
		"no trials":         func(r *results.Run) { r.Trials = nil },
		"a failed trial":    func(r *results.Run) { r.Trials[3].Failure = "died" },
		"no head":           func(r *results.Run) { r.Trials = r.Trials[:1] },
		"no base":           func(r *results.Run) { r.Trials = r.Trials[1:] },
		"too few values":    func(r *results.Run) { r.Trials[0].Latency[0].Count = 9_999 },
		"no latency":        func(r *results.Run) { r.Trials[0].Latency = nil },
		"a p99 of zero":     func(r *results.Run) { r.Trials[0].Latency[0].P99NS = 0 },
		"another system":    func(r *results.Run) { r.Trials[2].Cell.System = "redis" },
		"rate not a number": func(r *results.Run) { r.Trials[2].ThroughputOps = math.NaN() },
	} {
		run := block(good, good)
		spoil(run)
		if tests, err := gate.Pairs(run); !errors.Is(err, gate.ErrBroken) {
			t.Errorf("%s: got %v, %v; want ErrBroken", name, tests, err)
		}
	}
}
