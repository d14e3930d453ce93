package summary_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bpfdb/plots/plottest"
	"bpfdb/plots/summary"
	"bpfdb/results"
)

func newData(t *testing.T, runs ...*results.Run) *summary.Data {
	t.Helper()
	d, err := summary.New(runs, nil)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// single is a run of one panel and one workload: the throughputs of each system by round.
func single(throughput map[string][]float64) *results.Run {
	run := plottest.Run(1)
	template := run.Trials[0]
	run.Trials = nil
	for system, values := range throughput {
		for round, value := range values {
			trial := template
			trial.Cell.System, trial.Round = system, round
			trial.Order = len(run.Trials)
			trial.ThroughputOps = value
			run.Trials = append(run.Trials, trial)
		}
	}
	return run
}

func TestPanelsAreSettingsInOrder(t *testing.T) {
	d := newData(t, plottest.Run(2))
	var got []string
	for _, panel := range d.Panels {
		got = append(got, panel.Setting.String())
	}
	want := []string{
		"ycsb, 100 B values, pipeline 1", "ycsb, 100 B values, pipeline 16",
		"ycsb, 1000 B values, pipeline 1", "ycsb, 1000 B values, pipeline 16",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	var systems []string
	for _, system := range d.Panels[0].Systems {
		systems = append(systems, system.Name)
	}
	if want := []string{"bpfdb-sockmap", "bpfdb-user", "redis", "dragonfly"}; !slices.Equal(systems, want) {
		t.Errorf("systems: got %q, want %q", systems, want)
	}
}

// Replays of a trace at two speeds are two panels, which name no keys or values of their own.
func TestTracesHavePanels(t *testing.T) {
	run := plottest.Run(1)
	run.Trials = run.Trials[:2]
	for i, speed := range []float64{0.5, 20} {
		cell := &run.Trials[i].Cell
		*cell = results.Cell{Experiment: "e", System: cell.System, Workload: results.TraceWorkload, Pipeline: 1,
			Distribution: "cluster52", Speed: speed, Arrival: "trace"}
		run.Trials[i].Trace = &results.Trace{Source: "cluster52.0.zst", Lines: 100, TTLIgnored: 30, CutValues: 2,
			Operations: []results.TraceOperation{
				{Operation: "prepend", Skipped: 4}, {Operation: "cas", Sent: 9, Differs: "x"},
			}}
	}
	d := newData(t, run)
	if len(d.Panels) != 2 {
		t.Fatalf("%d panels, want 2", len(d.Panels))
	}
	for i, want := range []string{"e, pipeline 1, 0.5× as fast as recorded", "e, pipeline 1, 20× as fast as recorded"} {
		if s := d.Panels[i].Setting; s.String() != want || s.Data() != "keys and values of the trace" {
			t.Errorf("panel %d is %q with %q, want %q", i, s, s.Data(), want)
		}
		const note = "trace (cluster52.0.zst): 4 of 100 requests skipped (prepend); 30 times to live ignored, " +
			"2 values cut; the commands for cas differ (experiments/README.md)"
		if notes := d.Panels[i].Notes(); !slices.Contains(notes, note) {
			t.Errorf("panel %d has the notes %q, want %q", i, notes, note)
		}
	}
}

func TestEstimateOverTrials(t *testing.T) {
	d := newData(t, single(map[string][]float64{"redis": {30, 10, 20}}))
	panel := d.Panels[0]
	e, missing := panel.Estimate(results.System{Name: "redis"}, panel.Rows[0], summary.Throughput)
	if missing != "" || e.Median != 20 || e.Lo != 10 || e.Hi != 30 ||
		!slices.Equal(e.Values, []float64{30, 10, 20}) {
		t.Errorf("got %+v, %q; want median 20 in [10, 30] over 30, 10, 20", e, missing)
	}
}

// Drift hits both systems of a round alike: the paired ratio must not see it.
func TestRatioIsPairedByRound(t *testing.T) {
	d := newData(t, single(map[string][]float64{
		"bpfdb-sockmap": {200, 20, 2000}, "redis": {100, 10, 1000},
	}))
	panel := d.Panels[0]
	ratio, ok := panel.Ratio("bpfdb-sockmap", "redis", panel.Rows[0], summary.Throughput)
	if !ok || ratio.Rounds != 3 || ratio.Lo < 1.999 || ratio.Hi > 2.001 {
		t.Errorf("got %+v, %v; want exactly 2 over 3 rounds", ratio, ok)
	}
	if _, ok := panel.Ratio("dragonfly", "redis", panel.Rows[0], summary.Throughput); ok {
		t.Error("a ratio to a system without trials")
	}
}

func TestFailedTrialsAreLeftOutOnBothSides(t *testing.T) {
	run := single(map[string][]float64{"bpfdb-sockmap": {200, 900}, "redis": {100, 100}})
	for i := range run.Trials {
		if trial := &run.Trials[i]; trial.Cell.System == "redis" && trial.Round == 1 {
			trial.Failure = "server died"
			trial.Latency = nil
		}
	}
	d := newData(t, run)
	panel := d.Panels[0]
	ratio, ok := panel.Ratio("bpfdb-sockmap", "redis", panel.Rows[0], summary.Throughput)
	if !ok || ratio.Rounds != 1 || ratio.Median < 1.999 || ratio.Median > 2.001 {
		t.Errorf("got %+v, %v; want 2 over the one good round", ratio, ok)
	}
	want := "redis, ycsb-a: 1 of 2 trials left out (server died)"
	if notes := panel.Notes(); !slices.Contains(notes, want) {
		t.Errorf("notes %q lack %q", notes, want)
	}
}

func TestMissingCellsSayWhy(t *testing.T) {
	run := single(map[string][]float64{"redis": {1}, "bpfdb-user": {1}})
	for i := range run.Trials {
		if run.Trials[i].Cell.System == "bpfdb-user" {
			run.Trials[i].Failure = "broken"
		}
	}
	panel := newData(t, run).Panels[0]
	for name, want := range map[string]string{
		"redis": "", "bpfdb-user": "failed", "dragonfly": "not installed",
	} {
		system, here := panel.System(name)
		if _, got := panel.Estimate(system, panel.Rows[0], summary.P99); !here || got != want {
			t.Errorf("%s: got %q, listed %v; want %q", name, got, here, want)
		}
	}
	if _, here := panel.System("bpfdb-sockmap"); here {
		t.Error("bpfdb-sockmap is listed without a trial, though it was installed")
	}
}

func TestNotes(t *testing.T) {
	run := single(map[string][]float64{"redis": {1}, "bpfdb-user": {1}})
	for i := range run.Trials {
		if trial := &run.Trials[i]; trial.Cell.System == "bpfdb-user" {
			trial.VerifyFailures, trial.Misses, trial.OpStreamHash = 3, 4, "another load"
			trial.Warmup = &results.Warmup{Steady: new(bool)}
		}
	}
	notes := strings.Join(newData(t, run).Panels[0].Notes(), "\n")
	for _, want := range []string{
		"bpfdb-user, ycsb-a: 0 errors, 3 wrong values, 4 misses",
		"bpfdb-user, ycsb-a: in 1 of 1 trials the system had not settled",
		"ycsb-a, round 0: the systems were not given the same operations",
		"dragonfly: not installed (no dragonfly in PATH)",
	} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes lack %q:\n%s", want, notes)
		}
	}
}

func TestRunsOfDifferentMachinesAreRefused(t *testing.T) {
	other := plottest.Run(1)
	other.Environment.Kernel = "6.12.0"
	_, err := summary.New([]*results.Run{plottest.Run(1), other}, nil)
	if !errors.Is(err, summary.ErrMixed) || !strings.Contains(err.Error(), "6.12.0") {
		t.Errorf("got %v, want ErrMixed naming the kernel", err)
	}
}

func TestRoundsOfDifferentRunsAreNotPaired(t *testing.T) {
	first := single(map[string][]float64{"bpfdb-sockmap": {100}})
	second := single(map[string][]float64{"redis": {10}})
	panel := newData(t, first, second).Panels[0]
	if ratio, ok := panel.Ratio("bpfdb-sockmap", "redis", panel.Rows[0], summary.Throughput); ok {
		t.Errorf("got %+v from two runs that shared no round", ratio)
	}
}

func TestGoodTrialWithoutAMetricIsRefused(t *testing.T) {
	run := plottest.Run(1)
	run.Trials[3].CPU.PerOpNS = 0
	if _, err := summary.New([]*results.Run{run}, nil); !errors.Is(err, summary.ErrRun) ||
		!strings.Contains(err.Error(), "trial 3") {
		t.Errorf("got %v, want ErrRun naming trial 3", err)
	}
}

func TestLoad(t *testing.T) {
	served, engine, empty := t.TempDir(), t.TempDir(), t.TempDir()
	if err := results.WriteRun(served, plottest.Run(1)); err != nil {
		t.Fatal(err)
	}
	if err := results.WriteEngineRun(engine, plottest.EngineRun()); err != nil {
		t.Fatal(err)
	}
	d, err := summary.Load([]string{served, engine})
	if err != nil || len(d.Runs) != 1 || len(d.Engines) != 1 {
		t.Errorf("got %+v, %v; want one run and one engine run", d, err)
	}
	if _, err := summary.Load([]string{served, empty}); !errors.Is(err, summary.ErrNothing) {
		t.Errorf("got %v, want ErrNothing", err)
	}
	text, err := json.Marshal(map[string]int{"schema_version": 99})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(empty, results.RunFile), text, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := summary.Load([]string{empty}); !errors.Is(err, results.ErrSchemaVersion) {
		t.Errorf("got %v, want ErrSchemaVersion", err)
	}
}

func TestEngineSeries(t *testing.T) {
	run := plottest.EngineRun()
	repeat := run.Points[0]
	repeat.RateOps *= 2
	repeat.OverheadBytesPerKey = 99
	run.Points = append(run.Points, repeat)
	d, err := summary.New(nil, []*results.EngineRun{run})
	if err != nil {
		t.Fatal(err)
	}
	if sizes := d.EngineValueBytes(); !slices.Equal(sizes, []int{100}) {
		t.Fatalf("value sizes: got %v, want 100 alone", sizes)
	}
	var names []string
	for _, series := range d.EngineSeries(100) {
		names = append(names, series.Name())
		for _, point := range series.Points {
			isRepeat := series.Op == repeat.Op && series.CPUs == repeat.CPUs && point.Keys == repeat.Keys
			if isRepeat && (point.Rate.Median != repeat.RateOps*0.75 || point.OverheadBytesPerKey != 99) {
				t.Errorf("repeated point: got %+v, want the median rate and the largest overhead", point)
			}
		}
	}
	want := []string{"get, 1 CPU", "get, 2 CPUs", "get16, 1 CPU", "get16, 2 CPUs",
		"set, 1 CPU", "set, 2 CPUs", "set16, 1 CPU", "set16, 2 CPUs"}
	if !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}
