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

func engineRun() *results.EngineRun {
	return &results.EngineRun{
		SchemaVersion: results.EngineSchemaVersion,
		Started:       time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Command:       []string{"bpfdb", "bench-engine"},
		Points: []results.EnginePoint{{Op: "get", CPUs: 2, Keys: 10_000, ValueBytes: 100,
			RateOps: 4e6, NSPerOp: 500, OverheadBytesPerKey: 60}},
	}
}

func TestEngineRunRoundTrip(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "run")
	want := engineRun()
	if err := results.WriteEngineRun(dir, want); err != nil {
		t.Fatal(err)
	}
	got, err := results.ReadEngineRun(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestReadEngineRunMissing(t *testing.T) {
	if _, err := results.ReadEngineRun(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}

func TestReadEngineRunRefusesWhatItCannotMean(t *testing.T) {
	good := `{"op":"get","cpus":1,"keys":1,"value_bytes":1,"rate_ops":1,"ns_per_op":1}`
	cases := map[string]struct{ text, want string }{
		"version": {`{"schema_version":2,"points":[` + good + `]}`, "schema version 2"},
		"op":      {`{"schema_version":1,"points":[{"op":"scan"}]}`, `point 0: op "scan"`},
		"rate": {`{"schema_version":1,"points":[` + good + `,` +
			strings.Replace(good, `"rate_ops":1`, `"rate_ops":0`, 1) + `]}`, "point 1: cpus, keys"},
		"json": {`{`, "unexpected end"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, results.EngineFile)
			if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := results.ReadEngineRun(dir)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want an error with %q and the path", err, c.want)
			}
		})
	}
}
