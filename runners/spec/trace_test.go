package spec_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bpfdb/runners/document"
	"bpfdb/runners/spec"
	"bpfdb/workloads/trace"
)

const replaying = `name: e
title: E
workloads: [trace]
trace: {synthetic: {keys: 50}}
connections: [50]
pipeline: [1]
systems: [one, two]
operations: 5000
rounds: 3
`

func TestReadTrace(t *testing.T) {
	s, err := spec.Read(write(t, replaying))
	if err != nil {
		t.Fatal(err)
	}
	want := trace.DefaultSynthetic()
	want.Keys = 50
	if s.Trace.Synthetic != want || s.Trace.Name() != "synthetic" || len(s.Trace.Speeds) != 0 ||
		!slices.Equal(s.Distributions, []string{"synthetic"}) || s.Profiles["paper"].Records != 0 {
		t.Errorf("read as %+v, %v", s.Trace, s.Distributions)
	}
	file := write(t, strings.NewReplacer("{synthetic: {keys: 50}}", "{file: data/cluster52.0.zst, speeds: [0.5, 10]}",
		"operations: 5000", "duration_sec: 2").Replace(replaying))
	if _, err := spec.Read(file); err == nil || !strings.Contains(err.Error(), "e.yaml:4: trace.file: stat ") {
		t.Errorf("a trace that is not there: %v", err)
	}
	path := filepath.Join(filepath.Dir(file), "data", "cluster52.0.zst")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err = spec.Read(file); err != nil {
		t.Fatal(err)
	}
	if s.Trace.Path() != path || s.Trace.Name() != "cluster52" || s.Trace.Source() != "data/cluster52.0.zst" ||
		!slices.Equal(s.Trace.Speeds, []float64{0.5, 10}) || s.Profiles["quick"].Duration != 2*time.Second {
		t.Errorf("read as %+v", s.Trace)
	}
}

func TestReadRefusesTrace(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"trace: {synthetic: {keys: 50}}\n", "", "e.yaml:1: trace: missing: what the workload trace replays"},
		{"[trace]", "[trace, get]", "e.yaml:3: workloads: [trace get]: a trace is replayed by"},
		{"[trace]", "[get]", "e.yaml:3: workloads: [get]: a trace is replayed by"},
		{"synthetic:", "sintetic:", "e.yaml:4: trace.sintetic: unknown field; known are file, speeds, synthetic"},
		{"keys:", "key:", "e.yaml:4: trace.synthetic.key: unknown field; known are keys, rate_ops, seed, skew"},
		{"keys: 50", "keys: 0", "e.yaml:4: trace.synthetic: invalid synthetic trace: keys is 0"},
		{"keys: 50", "skew: 9", "e.yaml:4: trace.synthetic: invalid synthetic trace: skew is 9"},
		{"{synthetic: {keys: 50}}", "{speeds: [1]}", "e.yaml:4: trace.file: want either it or `synthetic`"},
		{"{synthetic:", "{file: x, synthetic:", "e.yaml:4: trace.file: want either it or `synthetic`"},
		{"{synthetic: {keys: 50}}", `{file: ""}`, "e.yaml:4: trace.file: empty"},
		{"50}}", "50}, speeds: [0]}", "e.yaml:4: trace.speeds: 0 is not above 0"},
		{"50}}", "50}, speeds: []}", "e.yaml:4: trace.speeds: missing: want at least one"},
		{"50}}", "50}, speeds: [1]}", "e.yaml:1: duration_sec: profile quick: a replay by the trace's times lasts"},
		{"operations: 5000", "duration_sec: 5", "e.yaml:8: duration_sec: profile quick: a replay without `speeds`"},
		{"operations: 5000\n", "", "e.yaml:1: operations: missing (profile quick)"},
		{"rounds: 3", "rounds: 3\nrecords: 5", "e.yaml:10: records: a trace says itself what is sent"},
		{"rounds: 3", "rounds: 3\nprofiles: {paper: {records: 5}}", "e.yaml:10: profiles: paper: a trace says itself"},
		{"rounds: 3", "rounds: 3\nrates: [5]", "e.yaml:10: rates: a trace says itself what is sent"},
		{"rounds: 3", "rounds: 3\nclients: [local]", "e.yaml:10: clients: a trace says itself what is sent"},
		{"rounds: 3", "rounds: 3\ndriver: go-redis", `e.yaml:10: driver: "go-redis": traces need the raw driver`},
		{"pipeline: [1]", "pipeline: [0]", "e.yaml:6: pipeline: 0 is not in 1..4096"},
	} {
		if !strings.Contains(replaying, c.old) {
			t.Fatalf("%q is not in the good spec", c.old)
		}
		_, err := spec.Read(write(t, strings.Replace(replaying, c.old, c.new, 1)))
		var mistake *document.Error
		if !errors.As(err, &mistake) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v\nwant %s", err, c.want)
		}
	}
}
