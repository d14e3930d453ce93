package transactor

import (
	"context"
	"slices"
	"testing"

	"bpfdb/internal/dialogue"
	"bpfdb/runners/driver"
	"bpfdb/runners/transaction"
	"bpfdb/workloads"
)

// target is a server under test and the modes it has.
type target struct {
	name  string
	addr  string
	modes []string
}

func redisTarget(t testing.TB) target {
	return target{"redis", dialogue.StartRedis(t), []string{
		transaction.Lua, transaction.Multi, transaction.SortedSet,
	}}
}

// txnNames are the presets under test; ycsb-f is one by its rmw.
var txnNames = append(workloads.TxnNames(), "ycsb-f")

// smallSpec is a preset at a size where transactions meet each other.
func smallSpec(t testing.TB, name string) workloads.Spec {
	t.Helper()
	spec, err := workloads.ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	switch name {
	case "voter":
		spec.Records = 400 // phones, which reach their limit
	case "smallbank":
		spec.Records, spec.MinBalanceCents, spec.MaxBalanceCents = 50, 0, 3000 // not all is covered
	case "ycsb-t":
		spec.Records, spec.TotalCash = 10, 200
		spec.ReadProportion, spec.ReadModifyWriteProportion = 0.5, 0.5
	case "tatp":
		spec.Records = 20
	case "ycsb-f":
		spec.RMW, spec.Records, spec.ValueBytes = workloads.RMWTxn, 50, 100
	case "ycsb-e":
		spec.Records, spec.ValueBytes, spec.MaxScanLength = 300, 100, 10
	case "txn4":
		spec.Records, spec.ValueBytes = 8, 100
	}
	return spec
}

func testConfig(t testing.TB, to target, name, mode string) driver.Config {
	return driver.Config{
		Addr: to.addr, Driver: driver.Raw, Connections: 1, Pipeline: 1, Threads: 2,
		Workload: smallSpec(t, name), Mode: mode, Seed: 7,
		Operations: 2000, Warmup: driver.Warmup{Operations: 500},
	}
}

// execute empties the server, loads it and runs the workload.
func execute(t testing.TB, cfg driver.Config) *driver.Result {
	t.Helper()
	command(t, cfg, "FLUSHALL")
	if _, err := Load(context.Background(), cfg); err != nil {
		t.Fatal(err)
	}
	res, err := driver.Run(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	total := res.Transactions.Measured.Total()
	if total.Total() != cfg.Operations || total.Failed > 0 {
		t.Fatalf("%d transactions ended, %d failed, the first with: %s", total.Total(), total.Failed,
			res.Transactions.Measured.FirstProblem)
	}
	if got := uint64(res.All.TotalCount()); got != total.Commits+total.Aborts {
		t.Errorf("%d latencies, want one for each of %d commits and %d aborts", got, total.Commits, total.Aborts)
	}
	return res
}

// command sends one command and returns the first element of its reply.
func command(t testing.TB, cfg driver.Config, words ...string) driver.Element {
	t.Helper()
	s, stop, err := connect(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	var got driver.Element
	s.command(words...)
	if err := s.exchange(1, func(e driver.Element) { got = e }); err != nil {
		t.Fatalf("%v: %v", words, err)
	}
	return got
}

func verify(t testing.TB, cfg driver.Config, res *driver.Result) transaction.Findings {
	t.Helper()
	found, err := Verify(context.Background(), cfg, res)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// broken lists the invariants that do not hold.
func broken(found transaction.Findings) []string {
	var names []string
	for _, i := range found.Invariants {
		if !i.Holds {
			names = append(names, i.Name+": "+i.Detail)
		}
	}
	return names
}

func wantWhole(t testing.TB, cfg driver.Config, found transaction.Findings) {
	t.Helper()
	if wrong := broken(found); len(wrong) > 0 || found.Score != 0 || len(found.Invariants) == 0 {
		t.Errorf("%s in mode %s: anomaly score %g, broken: %q", cfg.Workload.Name, cfg.Mode, found.Score, wrong)
	}
}

// dump is every key touched by the workload and its value.
func dump(t testing.TB, cfg driver.Config, keys [][]byte) []string {
	t.Helper()
	s, stop, err := connect(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	values, err := s.Fetch(keys)
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for i, value := range values {
		if value != nil {
			rows = append(rows, string(keys[i])+" = "+string(value))
		}
	}
	slices.Sort(rows)
	return rows
}

// touched lists every key a run may leave behind: those loaded and those declared to scripts.
func touched(t testing.TB, cfg driver.Config) [][]byte {
	t.Helper()
	data, err := workloads.NewDataset(cfg.Workload)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for i := range data.Places() {
		if key, _ := data.AppendRow(i, nil, nil); key != nil {
			seen[string(key)] = true
		}
	}
	run := transaction.Run{Spec: cfg.Workload, Seed: cfg.Seed}
	for worker := range cfg.Connections {
		_, drawn := workloads.Share(cfg.Operations, worker, cfg.Connections)
		_, warm := workloads.Share(cfg.Warmup.Operations, worker, cfg.Connections)
		run.Drawn, run.WarmupDrawn = append(run.Drawn, drawn), append(run.WarmupDrawn, warm)
	}
	err = run.Keys(func(key []byte) { seen[string(key)] = true })
	if err != nil {
		t.Fatal(err)
	}
	var keys [][]byte
	for key := range seen {
		keys = append(keys, []byte(key))
	}
	return keys
}
