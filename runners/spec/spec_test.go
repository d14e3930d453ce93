package spec_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"bpfdb/runners/document"
	"bpfdb/runners/spec"
)

const good = `name: e
title: E
workloads: [ycsb-a, ycsb-f]
distributions: [zipfian, uniform, ycsb-zipfian]
value_bytes: [100, 1000]
driver: raw
connections: [50]
pipeline: [1, 16]
systems: [one, two]
records: 1000
operations: 5000
rounds: 3
profiles:
  paper: {records: 1000000, rounds: 10}
`

const system = `name: NAME
title: T
binary: b
arguments: ["{{port}}"]
ready: ping
settings: {persistence: none, memory: MEMORY, threads: "1"}
`

// write puts a spec and its systems into a directory and returns the spec's path.
func write(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{"e.yaml": text}
	for name, memory := range map[string]string{"one": "1GiB", "two": "1GiB", "big": "8GiB"} {
		files["systems/"+name+".yaml"] = strings.NewReplacer("NAME", name, "MEMORY", memory).Replace(system)
	}
	files["systems/kept.yaml"] = strings.NewReplacer("NAME", "kept", "MEMORY", "1GiB").Replace(system) + "keeps: kill\n"
	files["systems/broken.yaml"] = "name: broken\nready: maybe\n"
	if err := os.Mkdir(filepath.Join(dir, "systems"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "e.yaml")
}

func TestRead(t *testing.T) {
	s, err := spec.Read(write(t, good))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]spec.Size{
		"quick": {Records: 1000, Operations: 5000, PipelinedOperations: 5000, Rounds: 3},
		"paper": {Records: 1_000_000, Operations: 5000, PipelinedOperations: 5000, Rounds: 10},
	}
	if !reflect.DeepEqual(s.Profiles, want) {
		t.Errorf("profiles %+v, want %+v", s.Profiles, want)
	}
	if len(s.Systems) != 2 || s.Systems[1].Name != "two" || s.Threads != 1 || s.Theta != 0.99 {
		t.Errorf("read as %+v", s)
	}
	if len(s.SHA256) != 64 {
		t.Errorf("sha256 %q", s.SHA256)
	}
}

func TestReadRefuses(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"name: e", "name: f", `e.yaml:1: name: "f" does not match the file name, want "e"`},
		{"title: E\n", "", "e.yaml:1: title: missing"},
		{"title: E", "titel: E", "e.yaml:2: titel: unknown field; known are arrival,"},
		{"ycsb-f", "ycsb-z", "e.yaml:3: workloads: invalid workload \"ycsb-z\": want one of"},
		{"[ycsb-a, ycsb-f]", "ycsb-a", "e.yaml:3: workloads: cannot unmarshal !!str"},
		{"[ycsb-a, ycsb-f]", "[]", "e.yaml:3: workloads: missing: want at least one"},
		{"ycsb-zipfian", "zipf", "e.yaml:4: distributions: invalid workload"},
		{"uniform", "zipfian", "e.yaml:4: distributions: zipfian is given twice"},
		{"driver: raw", "theta: -1", "e.yaml:6: theta: invalid workload"},
		{"[zipfian, uniform, ycsb-zipfian]", "[uniform]\ntheta: 0.5",
			"e.yaml:5: theta: only the distribution zipfian"},
		{"[100, 1000]", "[100, 1]", "e.yaml:5: value_bytes: invalid workload"},
		{"[100, 1000]", "[100, big]", "e.yaml:5: value_bytes: cannot unmarshal !!str `big` into int"},
		{"driver: raw", "value_sizes: huge", "e.yaml:6: value_sizes: invalid workload"},
		{"driver: raw", "insert_order: none", "e.yaml:6: insert_order: invalid workload"},
		{"[ycsb-a, ycsb-f]", "[ycsb-e]", "e.yaml:1: modes: missing: ycsb-e needs a list of"},
		{"driver: raw", "driver: netty", `e.yaml:6: driver: "netty" is neither raw nor go-redis`},
		{"driver: raw", "driver: go-redis\nthreads: 2", "e.yaml:7: threads: the go-redis driver runs"},
		{"driver: raw", "threads: 0", "e.yaml:6: threads: 0 is not in 1..256"},
		{"[50]", "[0]", "e.yaml:7: connections: 0 is not in 1..8192"},
		{"[1, 16]", "[1, 5000]", "e.yaml:8: pipeline: 5000 is not in 1..4096"},
		{"pipeline: [1, 16]\n", "", "e.yaml:1: pipeline: missing"},
		{"[one, two]", "[one, three]", `e.yaml:9: systems: "three" is unknown: there is no `},
		{"[one, two]", "[one, big]",
			"e.yaml:9: systems: unfair comparison: one has memory 1GiB, big has 8GiB"},
		{"[one, two]", "[broken]", "broken.yaml:1: title: missing"},
		{"[one, two]", "[../e]", `e.yaml:9: systems: "../e" is not a name`},
		{"records: 1000\n", "", "e.yaml:1: records: missing (profile quick)"},
		{"operations: 5000", "operations: 0", "e.yaml:11: operations: 0 is not in 1..100000000000"},
		{"rounds: 3", "rounds: -3", "e.yaml:12: rounds: cannot unmarshal !!int `-3` into uint64"},
		{"rounds: 10", "rounds: 5000", "e.yaml:14: profiles.paper.rounds: 5000 is not in 1..1000"},
		{"rounds: 10", "pipeline: [1]",
			"e.yaml:14: profiles.paper.pipeline: unknown field; known are duration_sec,"},
		{"paper:", "papers:", "e.yaml:14: profiles.papers: unknown field; known are paper, quick"},
		{"rounds: 3", "rounds: 3\ninstruments: [gdb]", `e.yaml:13: instruments: "gdb" is none of [perf bpf]`},
		{"rounds: 3", "rounds: 3\ninstruments: [bpf, bpf]", "e.yaml:13: instruments: bpf is given twice"},
		{"rounds: 3", "rounds: 3\nslo: {limit_us: 10}\ninstruments: [bpf]\nduration_sec: 1",
			"e.yaml:14: instruments: neither a search (slo) nor a recovery"},
		{"rounds: 3", "rounds: 3\nrounds: 4", "e.yaml:13: rounds: the field is given twice"},
	} {
		t.Run(c.want, func(t *testing.T) {
			if !strings.Contains(good, c.old) {
				t.Fatalf("%q is not in the good spec", c.old)
			}
			_, err := spec.Read(write(t, strings.Replace(good, c.old, c.new, 1)))
			var mistake *document.Error
			if !errors.As(err, &mistake) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %q", err)
			}
		})
	}
}

const transactions = `name: e
title: E
workloads: [smallbank]
distributions: [uniform, "hotspot:10:0.9"]
modes: {one: [lua, multi], two: [procedure]}
parameters: {min_balance_cents: 5}
connections: [50]
pipeline: [1]
systems: [one, two]
records: 1000
operations: 5000
rounds: 3
`

func TestReadTransactions(t *testing.T) {
	s, err := spec.Read(write(t, transactions))
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string][]string{"one": {"lua", "multi"}, "two": {"procedure"}}; !reflect.DeepEqual(s.Modes, want) {
		t.Errorf("modes %v, want %v", s.Modes, want)
	}
	w := s.Workload("smallbank", "hotspot:10:0.9", 1000, 0)
	if w.MinBalanceCents != 5 || w.MaxBalanceCents != 5_000_000 || w.HotKeys != 10 || w.HotShare != 0.9 ||
		w.Records != 1000 {
		t.Errorf("workload %+v", w)
	}
	f := strings.NewReplacer("smallbank", "ycsb-f", "min_balance_cents: 5", "rmw: txn",
		"two: [procedure]", "two: [interactive]", "pipeline", "value_bytes: [100]\npipeline").Replace(transactions)
	if s, err = spec.Read(write(t, f)); err != nil || !s.Workload("ycsb-f", "uniform", 10, 100).Transactional() {
		t.Errorf("YCSB F with rmw: txn: %v", err)
	}
}

func TestReadRefusesTransactions(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"modes: {one: [lua, multi], two: [procedure]}\n", "", "e.yaml:1: modes: missing: smallbank needs a list of"},
		{", two: [procedure]", "", "e.yaml:5: modes.two: missing"},
		{"two: [procedure]", "two: [procedure], three: [lua]",
			"e.yaml:5: modes.three: unknown field; known are one, two"},
		{"two: [procedure]", "two: [prayer]", `e.yaml:5: modes: two: invalid mode: "prayer" is none of`},
		{"[lua, multi]", "[lua, lua]", "e.yaml:5: modes.one: lua is given twice"},
		{"[smallbank]", "[smallbank, ycsb-a]", "e.yaml:3: workloads: ycsb-a is not made of transactions"},
		{"[smallbank]", "[txn4]", "e.yaml:5: modes: two: invalid mode: workload \"txn4\" has no stored procedures"},
		{"pipeline: [1]", "pipeline: [1, 16]", "e.yaml:8: pipeline: [1 16]: transactions follow one after the other"},
		{"pipeline: [1]", "pipeline: [1]\ndriver: go-redis", `e.yaml:9: driver: "go-redis": transactions need`},
		{"pipeline: [1]", "pipeline: [1]\nvalue_bytes: [100]", "e.yaml:9: value_bytes: invalid workload"},
		{"pipeline: [1]", "pipeline: [1]\nrates: [0]", "e.yaml:9: rates: 0 is not above 0"},
		{"min_balance_cents: 5", "min_balance_cents: -5", "e.yaml:6: parameters: invalid workload"},
		{"min_balance_cents", "minimum", "e.yaml:6: parameters.minimum: unknown field; known are max_balance_cents"},
		{"hotspot:10:0.9", "hotspot:many", "e.yaml:4: distributions: invalid workload"},
		{"hotspot:10:0.9", "hotspot:10:2", "e.yaml:4: distributions: invalid workload"},
		{"records: 1000", "records: 1", "e.yaml:10: records: invalid workload"},
	} {
		if !strings.Contains(transactions, c.old) {
			t.Fatalf("%q is not in the good spec", c.old)
		}
		_, err := spec.Read(write(t, strings.Replace(transactions, c.old, c.new, 1)))
		var mistake *document.Error
		if !errors.As(err, &mistake) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v\nwant %s", err, c.want)
		}
	}
}

// Transactions take every kind of load that operations do.
func TestTransactionsTakeEveryLoad(t *testing.T) {
	byTime := strings.Replace(transactions, "operations: 5000", "duration_sec: 5\nwarmup_sec: 1", 1)
	for _, fields := range []string{
		"rates: [1000]\n", "slo: {limit_us: 900}\n", "ramp_sec: 0.5\n", "steady: {limit_sec: 9}\n",
		"clients: [local, local]\n",
	} {
		if _, err := spec.Read(write(t, byTime+fields)); err != nil {
			t.Errorf("%q: %v", fields, err)
		}
	}
}

// The experiments we ship can be read.
func TestShippedExperiments(t *testing.T) {
	files, err := filepath.Glob("../../experiments/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("experiments found: %v (%v)", files, err)
	}
	for _, file := range files {
		if _, err := spec.Read(file); err != nil {
			t.Error(err)
		}
	}
}
