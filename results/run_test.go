package results_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"bpfdb/results"
)

func run() *results.Run {
	started := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	cell := results.Cell{Experiment: "e", System: "redis", Workload: "ycsb-a", Distribution: "zipfian",
		Records: 10, ValueBytes: 100, Driver: "raw", Connections: 2, Pipeline: 1, Topology: "loopback"}
	return &results.Run{
		SchemaVersion: results.SchemaVersion,
		Profile:       "quick",
		Started:       started,
		Finished:      started.Add(time.Minute),
		Seed:          1,
		Experiments:   []results.Experiment{{Name: "e", Title: "E", SpecFile: "e.yaml", SpecSHA256: "00"}},
		Systems:       []results.System{{Name: "redis"}, {Name: "dragonfly", NotInstalled: "not on PATH"}},
		PlannedTrials: 2,
		Trials: []results.Trial{
			{Cell: cell, CellHash: "h", Seed: 9, Started: started, OpStreamHash: "s", Ops: 500,
				DurationNS: 2e9, ThroughputOps: 250, HistogramLog: "trials/0.hlog",
				Latency: []results.OpLatency{{Op: "all", Count: 500, P99NS: 7}}},
			{Cell: cell, CellHash: "h", Round: 1, Order: 1, Failure: "server died"},
		},
	}
}

func TestRunRoundTrip(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "run")
	want := run()
	if err := results.WriteRun(dir, want); err != nil {
		t.Fatal(err)
	}
	got, err := results.ReadRun(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("directory holds %v (%v), want run.json alone", entries, err)
	}
}

func TestInterruptedRunHasNoFinish(t *testing.T) {
	dir := t.TempDir()
	r := run()
	r.Finished = time.Time{}
	if err := results.WriteRun(dir, r); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, results.RunFile))
	if err != nil || strings.Contains(string(text), `"finished"`) {
		t.Errorf("an interrupted run says when it finished (%v): %s", err, text)
	}
	if got, err := results.ReadRun(dir); err != nil || !got.Finished.IsZero() {
		t.Errorf("read back %+v, %v", got, err)
	}
}

func TestReadRunRefuses(t *testing.T) {
	if _, err := results.ReadRun(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: got %v, want fs.ErrNotExist", err)
	}
	// A future file may change the kind of any field: only its version is looked at.
	future := `{"schema_version": 99, "trials": "elsewhere"}`
	for text, want := range map[string]error{
		future:                  results.ErrSchemaVersion,
		`{"profile": "quick"}`:  results.ErrSchemaVersion,
		`{"schema_version": 1,`: nil,
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, results.RunFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := results.ReadRun(dir)
		if err == nil || (want != nil && !errors.Is(err, want)) {
			t.Errorf("%s: got %v, want %v", text, err, want)
		}
	}
}

func TestWriteRunRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*results.Run){
		"schema version":      func(r *results.Run) { r.SchemaVersion = 0 },
		"system twice":        func(r *results.Run) { r.Systems[1].Name = "redis" },
		"unknown system":      func(r *results.Run) { r.Trials[0].Cell.System = "other" },
		"no cell hash":        func(r *results.Run) { r.Trials[1].CellHash = "" },
		"no operations":       func(r *results.Run) { r.Trials[0].Ops = 0 },
		"no op stream":        func(r *results.Run) { r.Trials[0].OpStreamHash = "" },
		"wrong throughput":    func(r *results.Run) { r.Trials[0].ThroughputOps = 251 },
		"histogram elsewhere": func(r *results.Run) { r.Trials[0].HistogramLog = "../x.hlog" },
		"no latency":          func(r *results.Run) { r.Trials[0].Latency = nil },
	} {
		r, dir := run(), t.TempDir()
		spoil(r)
		if err := results.WriteRun(dir, r); !errors.Is(err, results.ErrRun) {
			t.Errorf("%s: got %v, want ErrRun", name, err)
		}
		if _, err := os.Stat(filepath.Join(dir, results.RunFile)); err == nil {
			t.Errorf("%s: an invalid run was written", name)
		}
	}
}
