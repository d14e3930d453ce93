package run_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bpfdb/results"
	"bpfdb/runners/plan"
	"bpfdb/runners/run"
	"bpfdb/runners/spec"
	"bpfdb/runners/system"
	"bpfdb/runners/system/systemtest"
)

// transactions plans YCSB+T on systems that know only GET, MGET, SET and the like, so in mode
// unsafe on one connection, which is safe.
func transactions(t *testing.T, mode string, systems ...system.Definition) plan.Plan {
	t.Helper()
	return transactionsUnder(t, spec.Load{}, spec.Size{Operations: 2000, WarmupOperations: 100}, mode, systems...)
}

// transactionsUnder is the same under some load.
func transactionsUnder(
	t *testing.T, load spec.Load, size spec.Size, mode string, systems ...system.Definition,
) plan.Plan {
	t.Helper()
	total, modes := int64(1000), map[string][]string{}
	for _, s := range systems {
		modes[s.Name] = []string{mode}
	}
	size.Records, size.Rounds = 100, 1
	s := spec.Spec{
		File: "e.yaml", Name: "e", Title: "Test", Workloads: []string{"ycsb-t"}, Modes: modes,
		Parameters: spec.Parameters{TotalCash: &total}, Distributions: []string{"zipfian:0.5"},
		ValueBytes: []int{0}, Driver: "raw", Threads: 1, Connections: []int{1}, Pipeline: []int{1},
		Systems: systems, Load: load, Profiles: map[string]spec.Size{"quick": size},
	}
	p, err := plan.New([]spec.Spec{s}, plan.Options{Profile: "quick", Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTransactions(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	p := transactions(t, "unsafe", good("one"), good("two"))
	if _, err := run.Run(t.Context(), p, out, observer{}); err != nil {
		t.Fatal(err)
	}
	r, err := results.ReadRun(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, trial := range r.Trials {
		if trial.Failure != "" || trial.Ops != 2000 || trial.Cell.Mode != "unsafe" {
			t.Errorf("trial %+v", trial)
		}
		if len(trial.Transactions) != 2 || trial.Transactions[0].Type != "read" ||
			trial.Transactions[0].Commits+trial.Transactions[1].Commits+trial.Transactions[1].Aborts != 2000 {
			t.Errorf("transactions %+v", trial.Transactions)
		}
		if trial.AnomalyScore == nil || *trial.AnomalyScore != 0 || len(trial.Invariants) != 2 {
			t.Errorf("score %v, invariants %+v", trial.AnomalyScore, trial.Invariants)
		}
		if len(trial.Latency) != 3 || trial.Latency[0].Count != 2000 || trial.Latency[2].Op != "transfer" {
			t.Errorf("latencies %+v", trial.Latency)
		}
	}
}

// A server that loses writes breaks the invariants, which fails the run in a mode that promises
// to keep them.
func TestBrokenInvariant(t *testing.T) {
	for _, mode := range []string{"unsafe", "multi"} {
		forgetful := systemtest.Definition("one", systemtest.Amnesiac)
		returned, err := run.Run(t.Context(), transactions(t, mode, forgetful), t.TempDir(), observer{})
		if returned == nil || len(returned.Trials) != 1 {
			t.Fatal(err)
		}
		trial := returned.Trials[0]
		if trial.AnomalyScore == nil || *trial.AnomalyScore == 0 {
			t.Errorf("%s: score %v in %+v", mode, trial.AnomalyScore, trial)
		}
		if mode == "unsafe" && err != nil {
			t.Errorf("%s: %v", mode, err)
		}
		if mode == "multi" && (!errors.Is(err, run.ErrInvariant) || !strings.Contains(trial.Failure, "cash: ")) {
			t.Errorf("%s: error %v, failure %q, want a broken invariant", mode, err, trial.Failure)
		}
	}
}

// A server that answers transactions with errors has measured nothing.
func TestRefusedTransactions(t *testing.T) {
	_, err := run.Run(t.Context(), transactions(t, "interactive", good("one")), t.TempDir(), observer{})
	if !errors.Is(err, run.ErrNothingMeasured) || !strings.Contains(err.Error(), "unknown command") {
		t.Errorf("error %v, want the server's refusal", err)
	}
}

// Transactions arrive in an open loop like other operations, and end by time: the data are
// verified from what was really drawn.
func TestTransactionsOfAnOpenLoop(t *testing.T) {
	load := spec.Load{Rates: []float64{1000}, Arrival: "fixed"}
	size := spec.Size{Duration: 500 * time.Millisecond, WarmupDuration: 50 * time.Millisecond}
	r := carryOut(t, transactionsUnder(t, load, size, "unsafe", good("one"), good("two")))
	for _, trial := range r.Trials {
		if trial.Ops != 500 || trial.Open == nil || trial.Open.Lag.Count != 500 || *trial.AnomalyScore != 0 {
			t.Errorf("%d transactions, %+v, score %v", trial.Ops, trial.Open, *trial.AnomalyScore)
		}
		if trial.OpStreamHash != r.Trials[0].OpStreamHash || trial.Open.Service[1].Op != "read" {
			t.Errorf("hash %s, service times %+v", trial.OpStreamHash, trial.Open.Service)
		}
	}
	size.WarmupDuration = 0
	r = carryOut(t, transactionsUnder(t, spec.Load{}, size, "unsafe", good("one"), good("two")))
	if len(r.Trials) != 2 || *r.Trials[0].AnomalyScore != 0 || r.Trials[0].Open != nil {
		t.Errorf("trials %+v", r.Trials)
	}
}

// A search for the highest rate makes the data new for every rate it tries and looks at what
// each has left.
func TestTransactionsWithinALimit(t *testing.T) {
	load := spec.Load{Arrival: "fixed", SLO: &spec.SLO{Percentile: 50, Limit: time.Second, From: 500, To: 2000,
		Resolution: 0.5}}
	size := spec.Size{Duration: 200 * time.Millisecond, WarmupDuration: 20 * time.Millisecond}
	r := carryOut(t, transactionsUnder(t, load, size, "unsafe", good("one")))
	trial := r.Trials[0]
	if trial.SLO == nil || len(trial.SLO.Probes) < 3 || trial.SLO.RateOps != 2000 || *trial.AnomalyScore != 0 {
		t.Errorf("search %+v, score %v", trial.SLO, *trial.AnomalyScore)
	}
	p := transactionsUnder(t, load, size, "multi", systemtest.Definition("one", systemtest.Amnesiac))
	if _, err := run.Run(t.Context(), p, t.TempDir(), observer{}); !errors.Is(err, run.ErrInvariant) {
		t.Errorf("lost writes: %v, want ErrInvariant", err)
	}
}
