package run_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
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

// replaying plans a round on each system, of a trace at its times if a speed is given.
func replaying(t *testing.T, trace spec.Trace, size spec.Size, systems ...system.Definition) plan.Plan {
	t.Helper()
	size.Rounds = 1
	size.PipelinedOperations = size.Operations
	p, err := plan.New([]spec.Spec{{
		File: "e.yaml", Name: "e", Title: "Test", Workloads: []string{spec.TraceWorkload},
		Distributions: []string{trace.Name()}, ValueBytes: []int{0}, Driver: "raw", Threads: 1,
		Connections: []int{4}, Pipeline: []int{8}, Systems: systems, Trace: &trace,
		Profiles: map[string]spec.Size{"quick": size},
	}}, plan.Options{Profile: "quick", Seed: 5, Twin: systems[0].Name})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A trace of all operations against the real Redis, in both loops: what the trial says of the
// trace is what was sent, and both systems got it.
func TestReplayOnRedis(t *testing.T) {
	kerneltest.Require(t, kerneltest.Tool("redis-server"))
	redis, err := system.Read("../../experiments/systems", "redis")
	if err != nil {
		t.Fatal(err)
	}
	made := spec.Trace{}
	made.Synthetic.Keys, made.Synthetic.RateOps, made.Synthetic.Skew = 1000, 4000, 0.9
	paced := made
	paced.Speeds = []float64{2}
	for name, p := range map[string]plan.Plan{
		"closed": replaying(t, made, spec.Size{Operations: 4000, WarmupOperations: 800}, redis),
		"open": replaying(t, paced,
			spec.Size{Duration: 500 * time.Millisecond, WarmupDuration: 100 * time.Millisecond}, redis),
	} {
		for _, trial := range carryOut(t, p).Trials {
			var sent uint64
			for _, o := range trial.Trace.Operations {
				sent += o.Sent
				if (o.Command == "") != (o.Operation == "prepend") || (o.Skipped > 0) != (o.Operation == "prepend") {
					t.Errorf("%s: %+v", name, o)
				}
			}
			if sent != trial.Ops+trial.WarmupOps || trial.Ops < 3900 || trial.Ops > 4000 ||
				trial.Trace.AbsentReads == 0 || trial.Trace.Loaded == 0 || trial.Trace.Lines < sent ||
				len(trial.Trace.Operations) < 10 {
				t.Errorf("%s: %d operations and %d before, %+v", name, trial.Ops, trial.WarmupOps, trial.Trace)
			}
			if open := trial.Open != nil; open != (name == "open") || open != (trial.Cell.Speed == 2) {
				t.Errorf("%s: cell %+v", name, trial.Cell)
			}
		}
	}
}

func TestReplayOfAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cluster1.csv")
	lines := "1,a,1,9,7,get,0\n2,b,1,5,7,set,60\n" + strings.Repeat("3,b,1,5,7,gets,0\n3,a,1,30,7,set,0\n", 49)
	if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	size := spec.Size{Operations: 90, WarmupOperations: 10}
	r := carryOut(t, replaying(t, spec.Trace{File: file}, size, good("one")))
	for _, trial := range r.Trials {
		if got := trial.Trace; got.Source != file || got.Lines != 100 || got.Keys != 2 || got.Loaded != 1 ||
			got.TTLIgnored != 1 || got.SpanNS != 2_989_795_918 || trial.Cell.Distribution != "cluster1" {
			t.Errorf("%+v of %+v", got, trial.Cell)
		}
	}
	for want, text := range map[string]string{
		"cluster1.csv:2: not a line of a cache trace: 1 fields": "1,a,1,9,7,get,0\nb\n",
		"cluster1.csv: the trace is too short: 1 requests":      "1,a,1,9,7,get,0\n",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		out := t.TempDir()
		p := replaying(t, spec.Trace{File: file}, size, good("one"))
		if _, err := run.Run(t.Context(), p, out, observer{}); !errors.Is(err, run.ErrNothingMeasured) {
			t.Errorf("%v, want ErrNothingMeasured", err)
		}
		r, err := results.ReadRun(out)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Trials[0].Failure; !strings.Contains(got, want) {
			t.Errorf("failure %q, want %s", got, want)
		}
	}
}

// A server that loses what it was sent is found out by a trace as by any other load.
func TestReplayFindsLoss(t *testing.T) {
	made := spec.Trace{File: filepath.Join(t.TempDir(), "x.csv")}
	lines := "1,a,1,0,7,get,0\n1,b,1,9,7,set,0\n1,b,1,9,7,get,0\n"
	if err := os.WriteFile(made.File, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	p := replaying(t, made, spec.Size{Operations: 3}, systemtest.Definition("one", systemtest.Forgetful))
	if _, err := run.Run(t.Context(), p, t.TempDir(), observer{}); !errors.Is(err, run.ErrWrongValues) {
		t.Errorf("%v, want ErrWrongValues", err)
	}
}
