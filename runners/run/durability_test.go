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

// recovery plans restarts of a system of that behaviour.
func recovery(t *testing.T, behaviour, keeps string, stops ...string) plan.Plan {
	t.Helper()
	d := systemtest.Definition(behaviour, behaviour)
	d.Keeps = keeps
	p, err := plan.New([]spec.Spec{{
		File: "e.yaml", Name: "e", Title: "Test", Theta: 0.99, Workloads: []string{"set"},
		Distributions: []string{"uniform"}, ValueBytes: []int{100}, Driver: "raw", Threads: 1,
		Connections: []int{3}, Pipeline: []int{4}, Systems: []system.Definition{d},
		Durability: spec.Durability{Recovery: stops},
		Profiles:   map[string]spec.Size{"quick": {Records: 300, Operations: 300, Rounds: 1}},
	}}, plan.Options{Profile: "quick"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A server that keeps what it acknowledged has it all back, whichever way it ended.
func TestRecovery(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	p := recovery(t, systemtest.Durable, system.KeepsKill, spec.StopTerm, spec.StopKill)
	if _, err := run.Run(t.Context(), p, out, observer{}); err != nil {
		t.Fatal(err)
	}
	r, err := results.ReadRun(out)
	if err != nil || len(r.Trials) != 2 {
		t.Fatalf("%v, %v", r, err)
	}
	for _, trial := range r.Trials {
		switch back := trial.Recovery; {
		case trial.Failure != "" || back == nil:
			t.Errorf("after %s: %s, %+v", trial.Cell.Stop, trial.Failure, back)
		case back.NS <= 0 || back.StopNS <= 0 || back.Lost != 0 || trial.Ops != 300 || trial.DiskBytes < 300*100:
			t.Errorf("after %s: %+v, %d records, %d bytes on disk", trial.Cell.Stop, back, trial.Ops, trial.DiskBytes)
		}
	}
}

// Losing what was promised fails the run; losing what was not is counted.
func TestRecoveryFindsLoss(t *testing.T) {
	lossy := func(stop string) (*results.Run, error) {
		p := recovery(t, systemtest.Lossy, system.KeepsStop, stop)
		return run.Run(t.Context(), p, t.TempDir(), observer{})
	}
	_, err := lossy(spec.StopTerm)
	if !errors.Is(err, run.ErrWrongValues) {
		t.Errorf("a promise broken: got %v, want ErrWrongValues", err)
	}
	r, err := lossy(spec.StopKill)
	if err != nil {
		t.Fatal(err)
	}
	if trial := r.Trials[0]; trial.Failure != "" || trial.Recovery.Lost != 1 || trial.Ops != 299 {
		t.Errorf("one key lost without a promise: %+v, %+v", trial, trial.Recovery)
	}
	// A server that forgets everything has not recovered, promise or not.
	p := recovery(t, systemtest.Good, system.KeepsStop, spec.StopKill)
	r, err = run.Run(t.Context(), p, t.TempDir(), observer{})
	if err == nil || !strings.Contains(r.Trials[0].Failure, "all 300 records are gone") {
		t.Errorf("got %v, want a failed trial", err)
	}
}

// A checkpoint begins when half of the time is over and is noted with its windows.
func TestCheckpoint(t *testing.T) {
	for behaviour, want := range map[string]string{systemtest.Durable: "", systemtest.Good: "BGSAVE"} {
		p, err := plan.New([]spec.Spec{{
			File: "e.yaml", Name: "e", Title: "Test", Theta: 0.99, Workloads: []string{"ycsb-a"},
			Distributions: []string{"zipfian"}, ValueBytes: []int{100}, Driver: "raw", Threads: 1,
			Connections: []int{2}, Pipeline: []int{16}, Load: spec.Load{Rates: []float64{500}, Arrival: "fixed"},
			Systems:    []system.Definition{systemtest.Definition(behaviour, behaviour)},
			Durability: spec.Durability{Checkpoint: true},
			Profiles:   map[string]spec.Size{"quick": {Records: 100, Duration: time.Second, Rounds: 1}},
		}}, plan.Options{Profile: "quick"})
		if err != nil {
			t.Fatal(err)
		}
		r, err := run.Run(t.Context(), p, t.TempDir(), observer{})
		trial := r.Trials[0]
		if want != "" {
			if err == nil || !strings.Contains(trial.Failure, want) {
				t.Errorf("%s: got %v, %q, want a failure about %s", behaviour, err, trial.Failure, want)
			}
			continue
		}
		if err != nil || trial.Checkpoint == nil || trial.WindowNS != int64(100*time.Millisecond) {
			t.Fatalf("%v, %+v, windows of %d", err, trial.Checkpoint, trial.WindowNS)
		}
		begin, end := time.Duration(trial.Checkpoint.BeginNS), time.Duration(trial.Checkpoint.EndNS)
		if begin < 500*time.Millisecond || end-begin < 100*time.Millisecond {
			t.Errorf("from %v to %v, want from 500ms on and 100ms or more", begin, end)
		}
	}
}
