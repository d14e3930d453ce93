package run_test

import (
	"context"
	"errors"
	"os"
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

	"github.com/HdrHistogram/hdrhistogram-go"
)

func TestMain(m *testing.M) {
	systemtest.Main()
	os.Exit(m.Run())
}

// observer calls a function after each trial.
type observer struct{ done func(results.Trial) }

func (observer) Begin([]plan.Trial)  {}
func (observer) Starting(plan.Trial) {}

func (observer) Looked(results.InstrumentedTrial) {}

func (o observer) Done(t results.Trial) {
	if o.done != nil {
		o.done(t)
	}
}

// twoRounds plans YCSB A on systems that behave as told, named after their behaviour.
func twoRounds(t *testing.T, systems ...system.Definition) plan.Plan {
	t.Helper()
	size := spec.Size{
		Records: 300, Operations: 2000, PipelinedOperations: 2000, WarmupOperations: 100, Rounds: 2}
	p, err := plan.New([]spec.Spec{{
		File: "e.yaml", Name: "e", Title: "Test", Theta: 0.99, Workloads: []string{"ycsb-f"},
		Distributions: []string{"zipfian"}, ValueBytes: []int{100}, Driver: "raw", Threads: 1,
		Connections: []int{3}, Pipeline: []int{4}, Systems: systems,
		Profiles: map[string]spec.Size{"quick": size},
	}}, plan.Options{Profile: "quick", Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func good(name string) system.Definition { return systemtest.Definition(name, systemtest.Good) }

func TestRun(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	absent := system.Definition{Name: "absent", Binary: "no-such-server-anywhere"}
	returned, err := run.Run(t.Context(), twoRounds(t, good("one"), absent, good("two")), out, observer{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := results.ReadRun(out)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Trials) != 4 || r.PlannedTrials != 4 || r.Finished.IsZero() || len(returned.Trials) != 4 {
		t.Errorf("%d of %d trials, finished %v", len(r.Trials), r.PlannedTrials, r.Finished)
	}
	for _, s := range r.Systems {
		if (s.NotInstalled != "") != (s.Name == "absent") {
			t.Errorf("%s: not installed %q", s.Name, s.NotInstalled)
		}
	}
	streams := map[int]string{}
	for _, trial := range r.Trials {
		checkTrial(t, out, trial)
		if seen := streams[trial.Round]; seen != "" && seen != trial.OpStreamHash {
			t.Errorf("round %d has op streams %s and %s", trial.Round, seen, trial.OpStreamHash)
		}
		streams[trial.Round] = trial.OpStreamHash
	}
	if streams[0] == streams[1] {
		t.Errorf("both rounds have the op stream %s", streams[0])
	}
	if r.Environment.Kernel == "" || r.Environment.CPUs == 0 {
		t.Errorf("environment %+v", r.Environment)
	}
}

// checkTrial compares the numbers of one good trial with each other and its log.
func checkTrial(t *testing.T, out string, trial results.Trial) {
	t.Helper()
	if trial.Failure != "" || trial.Ops != 2000 || trial.ServerMemory != 4096 || trial.CPU.BusyNS <= 0 {
		t.Errorf("trial %+v", trial)
	}
	counts := map[string]uint64{}
	for _, l := range trial.Latency {
		counts[l.Op] = l.Count
		if l.MinNS <= 0 || l.P50NS < l.MinNS || l.P99NS < l.P50NS || l.MaxNS < l.P999NS {
			t.Errorf("percentiles out of order: %+v", l)
		}
	}
	if counts["all"] != 2000 || counts["read"] != 2000 || counts["read-modify-write"] != counts["update"] {
		t.Errorf("counts of YCSB F: %v", counts)
	}
	logged := map[string]uint64{}
	for _, h := range intervalsOf(t, out, trial.HistogramLog) {
		logged[h.Tag()] = uint64(h.TotalCount())
		if h.Tag() == "all" && h.ValueAtQuantile(99) != trial.Latency[0].P99NS {
			t.Errorf("log has p99 %d ns, run.json %d ns", h.ValueAtQuantile(99), trial.Latency[0].P99NS)
		}
	}
	if len(logged) != len(counts) || logged["all"] != 2000 || logged["update"] != counts["update"] {
		t.Errorf("log counts %v, run.json %v", logged, counts)
	}
}

// intervalsOf reads a log of a run.
func intervalsOf(t *testing.T, out, name string) (intervals []*hdrhistogram.Histogram) {
	t.Helper()
	log, err := os.Open(filepath.Join(out, name))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	for reader := hdrhistogram.NewHistogramLogReader(log); ; {
		h, err := reader.NextIntervalHistogram()
		if err != nil {
			t.Fatal(err)
		}
		if h == nil {
			return intervals
		}
		intervals = append(intervals, h)
	}
}

// The log of the windows has an interval for each, and all of the trial in them.
func TestWindowLog(t *testing.T) {
	out := t.TempDir()
	r, err := run.Run(t.Context(), short(t, spec.Load{}, good("one")), out, observer{})
	if err != nil {
		t.Fatal(err)
	}
	trial := r.Trials[0]
	var intervals, count int64
	for _, h := range intervalsOf(t, out, trial.WindowLog) {
		if h.Tag() != "all" || h.EndTimeMs()-h.StartTimeMs() != 1000 {
			t.Errorf("interval %d: tag %q, %d ms", intervals, h.Tag(), h.EndTimeMs()-h.StartTimeMs())
		}
		intervals++
		count += h.TotalCount()
	}
	if intervals != int64(len(trial.Windows)) || count != int64(trial.Ops) {
		t.Errorf("%d intervals with %d operations, want %d with %d", intervals, count, len(trial.Windows), trial.Ops)
	}
}

// A bad system spoils its own trials and nobody else's.
func TestBadSystems(t *testing.T) {
	for _, c := range []struct {
		behaviour string
		failure   string
		err       error // of the run
	}{
		{systemtest.Stillborn, "exit status 7; its stderr ends:\nsystemtest: out of luck", nil},
		{systemtest.Mortal, "died: exit status 9; its stderr ends:\nsystemtest: my time has come", nil},
		{systemtest.Sore, "exit status 3", nil},
		{systemtest.Refusing, "operations failed, the first with: ERR not today", nil},
		{systemtest.Forgetful, "load: wrong values read: the server holds", run.ErrWrongValues},
		{systemtest.Lying, "wrong values read", run.ErrWrongValues},
	} {
		t.Run(c.behaviour, func(t *testing.T) {
			out := t.TempDir()
			p := twoRounds(t, good("good"), systemtest.Definition("bad", c.behaviour))
			_, err := run.Run(t.Context(), p, out, observer{})
			if !errors.Is(err, c.err) {
				t.Errorf("got error %v, want %v", err, c.err)
			}
			r, err := results.ReadRun(out)
			if err != nil {
				t.Fatal(err)
			}
			for _, trial := range r.Trials {
				if bad := trial.Cell.System == "bad"; bad != strings.Contains(trial.Failure, c.failure) {
					t.Errorf("%s: failure %q, want %q for the bad one alone",
						trial.Cell.System, trial.Failure, c.failure)
				}
			}
		})
	}
}

func TestNothingMeasured(t *testing.T) {
	for name, d := range map[string]system.Definition{
		"none is installed":   {Name: "absent", Binary: "no-such-server-anywhere"},
		"all 2 trials failed": systemtest.Definition("dead", systemtest.Stillborn),
	} {
		_, err := run.Run(t.Context(), twoRounds(t, d), t.TempDir(), observer{})
		if !errors.Is(err, run.ErrNothingMeasured) {
			t.Errorf("%s: got %v, want ErrNothingMeasured", name, err)
		}
	}
}

func TestInterruptedRunIsValid(t *testing.T) {
	out := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := run.Run(ctx, twoRounds(t, good("one"), good("two")), out,
		observer{done: func(trial results.Trial) {
			if trial.Order == 1 {
				cancel()
			}
		}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	r, err := results.ReadRun(out)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Trials) != 2 || r.PlannedTrials != 4 || !r.Finished.IsZero() {
		t.Errorf("%d of %d trials, finished %v; want 2 of 4, not finished",
			len(r.Trials), r.PlannedTrials, r.Finished)
	}
}

func TestRunRefusesToOverwrite(t *testing.T) {
	out := t.TempDir()
	p := twoRounds(t, good("one"))
	if _, err := run.Run(t.Context(), p, out, observer{}); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Run(t.Context(), p, out, observer{}); !errors.Is(err, run.ErrExists) {
		t.Errorf("got %v, want ErrExists", err)
	}
}

// Systems that got different loads in a round must not be compared. Here the plan itself
// is wrong, which is what the check is for.
func TestDifferentLoads(t *testing.T) {
	p := twoRounds(t, good("one"), good("two"))
	p.Trials[1].Seed++
	_, err := run.Run(t.Context(), p, t.TempDir(), observer{})
	if !errors.Is(err, run.ErrLoadsDiffer) {
		t.Errorf("got %v, want ErrLoadsDiffer", err)
	}
}

// A system that never gets ready costs its timeout a few times, not once per trial.
func TestUnreadySystemIsGivenUp(t *testing.T) {
	silent := systemtest.Definition("silent", systemtest.Silent)
	silent.ReadyTimeout = 100 * time.Millisecond
	p := twoRounds(t, silent)
	p.Trials = append(p.Trials, p.Trials...)
	out := t.TempDir()
	if _, err := run.Run(t.Context(), p, out, observer{}); !errors.Is(err, run.ErrNothingMeasured) {
		t.Errorf("got %v, want ErrNothingMeasured", err)
	}
	r, err := results.ReadRun(out)
	if err != nil {
		t.Fatal(err)
	}
	for i, trial := range r.Trials {
		if untried := strings.HasPrefix(trial.Failure, "not tried: "); untried != (i == 3) {
			t.Errorf("trial %d of %d: %s", i, len(r.Trials), trial.Failure)
		}
	}
}
