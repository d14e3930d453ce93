package driver

import (
	"context"
	"runtime"
	"testing"
	"time"

	"bpfdb/internal/dialogue"
	"bpfdb/workloads"
)

// TestRedisServer loads and runs every preset with both drivers against a real server and
// checks that all values read are right and that both drivers generate the same load.
func TestRedisServer(t *testing.T) {
	addr := dialogue.StartRedis(t)
	for _, name := range workloads.Names() {
		t.Run(name, func(t *testing.T) {
			digests := map[uint64]bool{}
			for _, driver := range []string{Raw, GoRedis} {
				for _, protocol := range []int{2, 3} {
					cfg := testConfig(t, addr, driver, name)
					cfg.Protocol, cfg.Warmup.Operations = protocol, 500
					if res := mustLoad(t, cfg); res.Ops != loadedRecords(cfg) {
						t.Errorf("loaded %d records, want %d", res.Ops, loadedRecords(cfg))
					}
					res := mustRun(t, cfg)
					checkClean(t, cfg, res)
					digests[res.OpStreamDigest()] = true
				}
			}
			if len(digests) != 1 {
				t.Errorf("drivers and protocols generated %d different loads, want 1", len(digests))
			}
		})
	}
}

// TestRedisSizes runs every law of value sizes and both orders of insertion with both drivers,
// which must agree with the server about every value.
func TestRedisSizes(t *testing.T) {
	addr := dialogue.StartRedis(t)
	for _, sizes := range []string{workloads.SizeUniform, workloads.SizeZipfian, workloads.SizeETC} {
		for _, order := range []string{workloads.InsertHashed, workloads.InsertOrdered} {
			for _, driver := range []string{Raw, GoRedis} {
				cfg := testConfig(t, addr, driver, "ycsb-a")
				cfg.Workload.ValueSizes, cfg.Workload.InsertOrder, cfg.Workload.ValueBytes = sizes, order, 700
				mustLoad(t, cfg)
				checkClean(t, cfg, mustRun(t, cfg))
			}
		}
	}
}

func loadedRecords(cfg Config) uint64 {
	if !cfg.Workload.HasData() {
		return 0
	}
	return cfg.Workload.Records
}

func testConfig(t testing.TB, addr, driver, workload string) Config {
	t.Helper()
	spec, err := workloads.ByName(workload)
	if err != nil {
		t.Fatal(err)
	}
	spec.Records, spec.ValueBytes = 1000, 100
	return Config{
		Addr: addr, Driver: driver, Connections: 7, Pipeline: 3, Threads: 2,
		Workload: spec, Seed: 42, Operations: 5000, Verify: true, Timeout: 5 * time.Second,
	}
}

func mustLoad(t testing.TB, cfg Config) *Result {
	t.Helper()
	res, err := Load(context.Background(), cfg)
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	return res
}

func mustRun(t testing.TB, cfg Config) *Result {
	t.Helper()
	res, err := Run(context.Background(), cfg)
	if err != nil {
		t.Fatalf("run: %v", err)
	}
	return res
}

// checkClean checks a run that must have met no error, and that its histograms hold every
// operation.
func checkClean(t *testing.T, cfg Config, res *Result) {
	t.Helper()
	if res.Ops != cfg.Operations {
		t.Errorf("%d operations done, want %d", res.Ops, cfg.Operations)
	}
	if res.Errors+res.VerifyFailures+res.Misses != 0 {
		t.Errorf("%d errors (%s), %d wrong values (%s), %d misses; want none", res.Errors,
			res.FirstError, res.VerifyFailures, res.FirstVerifyFailure, res.Misses)
	}
	if got := res.All.TotalCount(); uint64(got) != res.Ops {
		t.Errorf("histogram holds %d of %d operations", got, res.Ops)
	}
	count := map[workloads.Kind]uint64{}
	var commands uint64
	for _, s := range res.Latency {
		count[s.Kind] = uint64(s.Hist.TotalCount())
		if s.Kind != workloads.ReadModifyWrite {
			commands += count[s.Kind]
		}
	}
	if commands != res.Commands {
		t.Errorf("series %v hold %d commands, want %d", count, commands, res.Commands)
	}
	if want := res.Ops + count[workloads.ReadModifyWrite]; res.Commands != want {
		t.Errorf("%d commands, want %d", res.Commands, want)
	}
}

// TestRawDoesNotAllocate compares a run with one ten times as long: what an operation
// allocates would show in the difference.
func TestRawDoesNotAllocate(t *testing.T) {
	addr := dialogue.StartRedis(t)
	for name, rate := range map[string]float64{"closed": 0, "open": 100_000} {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig(t, addr, Raw, "ycsb-f")
			cfg.Pipeline, cfg.Rate = 16, rate
			mustLoad(t, cfg)
			mallocs := func(operations uint64) uint64 {
				cfg.Operations, cfg.Warmup.Operations = operations, 2000
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				checkClean(t, cfg, mustRun(t, cfg))
				runtime.ReadMemStats(&after)
				return after.Mallocs - before.Mallocs
			}
			const few, many = 5000, 50_000
			first, second := mallocs(few), mallocs(many)
			if perOp := (float64(second) - float64(first)) / (many - few); perOp > 0.01 {
				t.Errorf("%d mallocs for %d operations, %d for %d: %.3f per operation, want 0",
					first, few, second, many, perOp)
			}
		})
	}
}
