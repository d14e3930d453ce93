package run_test

import (
	"math"
	"testing"
	"time"

	"bpfdb/internal/kerneltest"
	"bpfdb/results"
	"bpfdb/runners/plan"
	"bpfdb/runners/run"
	"bpfdb/runners/spec"
	"bpfdb/runners/system"
	"bpfdb/runners/system/systemtest"
)

// short plans one trial per point, half a second each, under the given load.
func short(t *testing.T, load spec.Load, systems ...system.Definition) plan.Plan {
	t.Helper()
	size := spec.Size{Records: 300, Duration: 500 * time.Millisecond, WarmupDuration: 100 * time.Millisecond, Rounds: 1}
	p, err := plan.New([]spec.Spec{{
		File: "e.yaml", Name: "e", Title: "Test", Theta: 0.99, Workloads: []string{"ycsb-f"},
		Distributions: []string{"zipfian"}, ValueBytes: []int{100}, Driver: "raw", Threads: 1,
		Connections: []int{4}, Pipeline: []int{8}, Systems: systems, Load: load,
		Profiles: map[string]spec.Size{"quick": size},
	}}, plan.Options{Profile: "quick", Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// carryOut runs the plan and returns what it left on disk.
func carryOut(t *testing.T, p plan.Plan) *results.Run {
	t.Helper()
	out := t.TempDir()
	if _, err := run.Run(t.Context(), p, out, observer{}); err != nil {
		t.Fatal(err)
	}
	r, err := results.ReadRun(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, trial := range r.Trials {
		if trial.Failure != "" || trial.Ops == 0 || trial.Warmup.Ops == 0 || len(trial.Windows) == 0 {
			t.Errorf("trial %+v", trial)
		}
	}
	return r
}

func TestOpenLoopTrial(t *testing.T) {
	load := spec.Load{Rates: []float64{2000}, Arrival: "fixed"}
	r := carryOut(t, short(t, load, good("one"), good("two")))
	for _, trial := range r.Trials {
		if trial.Ops != 1000 || trial.Cell.RateOps != 2000 || trial.OpStreamHash != r.Trials[0].OpStreamHash {
			t.Errorf("%d operations with hash %s, want the 1000 due in 500 ms", trial.Ops, trial.OpStreamHash)
		}
		open := trial.Open
		if open == nil || open.Lag.Count != 1000 || len(open.Service) != len(trial.Latency) {
			t.Fatalf("open loop %+v", open)
		}
		for i, service := range open.Service {
			response := trial.Latency[i]
			if service.Op != response.Op || service.Count != response.Count || service.MeanNS > response.MeanNS {
				t.Errorf("service %+v of response %+v", service, response)
			}
		}
	}
}

// What time ends differs in length between systems, and is no less the same load.
func TestClosedLoopByTime(t *testing.T) {
	r := carryOut(t, short(t, spec.Load{}, good("one"), good("two")))
	if len(r.Trials) != 2 || r.Trials[0].Open != nil {
		t.Errorf("trials %+v", r.Trials)
	}
}

// The server of the test has no limit worth the name: with a generous one the search ends at
// the highest rate allowed, with an impossible one at the lowest.
func TestSearch(t *testing.T) {
	for _, c := range []struct {
		limit   time.Duration
		rate    float64
		bounded bool
		probes  int
	}{{time.Minute, 400, true, 3}, {1, 0, false, 1}} {
		load := spec.Load{Arrival: "fixed",
			SLO: &spec.SLO{Percentile: 99, Limit: c.limit, From: 100, To: 400, Resolution: 0.1}}
		r := carryOut(t, short(t, load, good("one"), good("two")))
		for _, trial := range r.Trials {
			s := trial.SLO
			if s == nil || s.RateOps != c.rate || c.bounded && !s.Bounded || len(s.Probes) < c.probes {
				t.Errorf("limit %v: found %+v, want %v op/s in %d probes", c.limit, s, c.rate, c.probes)
			}
			if want := max(c.rate, 100) / 2; math.Abs(float64(trial.Ops)-want) > 1 {
				t.Errorf("limit %v: %d operations, want the %v of the best probe", c.limit, trial.Ops, want)
			}
		}
	}
}

// A system and its twin get the same load in every round, and their differences are summed up.
func TestNoiseFloor(t *testing.T) {
	s := spec.Spec{File: "e.yaml", Name: "e", Title: "Test", Theta: 0.99, Workloads: []string{"ycsb-a"},
		Distributions: []string{"zipfian"}, ValueBytes: []int{100}, Driver: "raw", Threads: 1,
		Connections: []int{3}, Pipeline: []int{4}, Systems: []system.Definition{good("one"), good("two")},
		Profiles: map[string]spec.Size{"quick": {Records: 300, Duration: 200 * time.Millisecond, Rounds: 3}}}
	p, err := plan.New([]spec.Spec{s}, plan.Options{Profile: "quick", Twin: "two"})
	if err != nil {
		t.Fatal(err)
	}
	r := carryOut(t, p)
	if n := r.NoiseFloor; len(r.Trials) != 9 || n == nil || n.System != "two" || n.Pairs != 3 ||
		n.Throughput.Max < n.Throughput.Median || n.P99.Max <= 0 {
		t.Errorf("%d trials, noise floor %+v", len(r.Trials), n)
	}
}

func TestObservedSettings(t *testing.T) {
	r := carryOut(t, short(t, spec.Load{}, good("one")))
	if seen := r.Systems[0].Observed; seen["redis_version"] != "7.0.0" || seen["config maxmemory"] != "0" {
		t.Errorf("observed %v", seen)
	}
}

// Behind a pair of interfaces and pinned, everything is as on loopback.
func TestVethTrial(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Tool("ip"))
	load := spec.Load{Topologies: []string{spec.Loopback, spec.Veth}, ServerCPUs: "0", ClientCPUs: "0"}
	r := carryOut(t, short(t, load, systemtest.Definition("one", systemtest.Good)))
	seen := map[string]bool{}
	for _, trial := range r.Trials {
		seen[trial.Cell.Topology] = true
	}
	if len(seen) != 2 {
		t.Errorf("topologies %v", seen)
	}
}

// A lossy link costs time and nothing else.
func TestLossyTrial(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.MinKernel, kerneltest.Tool("ip"))
	load := spec.Load{Topologies: []string{spec.Veth}, Losses: []float64{0, 0.2}}
	r := carryOut(t, short(t, load, systemtest.Definition("one", systemtest.Good)))
	rate := map[float64]float64{}
	for _, trial := range r.Trials {
		rate[trial.Cell.Loss] = trial.ThroughputOps
	}
	if len(rate) != 2 || rate[0.2] <= 0 || rate[0.2] >= rate[0] {
		t.Errorf("operations per second by loss: %v", rate)
	}
}
