// Package plottest makes runs for the tests of figures and tables: four systems, one of
// them not installed, over the YCSB workloads. The numbers are invented and stand for no
// measurement; nothing outside tests may import this package.
package plottest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"bpfdb/results"
)

// Environment of every invented run.
func Environment() results.Environment {
	return results.Environment{
		Kernel: "6.99.0-test #1 SMP", CPUModel: "Test CPU", CPUs: 2, MemoryBytes: 8 << 30,
		GitCommit: "0123456789abcdef", GitDirty: true, HarnessFlags: []string{"run", "ycsb.yaml"},
	}
}

// started is when an invented run begins; a trial follows every two and a half seconds.
var started = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// speeds are the invented operations per second of each system at pipeline 1.
var speeds = []struct {
	system string
	rate   float64
}{{"bpfdb-sockmap", 91_000}, {"bpfdb-user", 52_000}, {"redis", 66_000}}

// Run invents rounds of trials for YCSB A, B, C and F at 100 and 1000 B values and
// pipelines 1 and 16. The same arguments give the same run.
func Run(rounds int) *results.Run {
	run := &results.Run{
		SchemaVersion: results.SchemaVersion, Profile: "quick", Seed: 7,
		Started: started, Finished: started.Add(6 * time.Minute), Environment: Environment(),
		Systems: []results.System{
			{Name: "redis", Version: "Redis server v=7.0.15 sha=00000000:0 bits=64"},
			{Name: "bpfdb-user"},
			{Name: "dragonfly", NotInstalled: "no dragonfly in PATH"},
			{Name: "bpfdb-sockmap"},
		},
	}
	random := rand.New(rand.NewPCG(1, 2))
	for round := range rounds {
		for _, value := range []int{100, 1000} {
			for _, pipeline := range []int{1, 16} {
				for i, workload := range []string{"ycsb-a", "ycsb-b", "ycsb-c", "ycsb-f"} {
					for _, s := range speeds {
						rate := s.rate * (1 + 0.05*float64(i)) * (1 + 0.08*random.Float64())
						rate *= 1 + 0.3*float64(pipeline-1)
						cell := results.Cell{
							Experiment: "ycsb", System: s.system, Workload: workload,
							Distribution: "zipfian", Records: 100_000, ValueBytes: value,
							Driver: "raw", Threads: 1, Connections: 50, Pipeline: pipeline,
							Topology: "loopback",
						}
						run.Trials = append(run.Trials, trial(cell, round, len(run.Trials), rate))
					}
				}
			}
		}
	}
	run.PlannedTrials = len(run.Trials)
	return run
}

func trial(cell results.Cell, round, order int, rate float64) results.Trial {
	ops := uint64(rate * 2)
	rate = float64(ops) / 2
	wait := 1e9 * float64(cell.Connections*cell.Pipeline) / rate
	load := fmt.Sprintf("%s/%d/%d/%d", cell.Workload, cell.ValueBytes, cell.Pipeline, round)
	return results.Trial{
		Cell: cell, CellHash: load + cell.System, Round: round, Order: order,
		Started:      started.Add(time.Duration(order) * 2500 * time.Millisecond),
		OpStreamHash: load, Ops: ops, DurationNS: 2e9, ThroughputOps: rate,
		Latency: []results.OpLatency{{Op: "all", Count: ops,
			P50NS: int64(wait * 0.9), P99NS: int64(wait * 2.2)}},
		CPU:          results.CPU{PerOpNS: 2e9 / rate},
		HistogramLog: fmt.Sprintf("trials/%d.hlog", order),
	}
}

// EngineRun invents an engine microbenchmark over five table sizes.
func EngineRun() *results.EngineRun {
	run := &results.EngineRun{
		SchemaVersion: results.EngineSchemaVersion,
		Started:       time.Date(2026, 3, 4, 6, 0, 0, 0, time.UTC),
		Finished:      time.Date(2026, 3, 4, 6, 1, 0, 0, time.UTC),
		Command:       []string{"bpfdb", "bench-engine"},
		Environment:   Environment(),
	}
	for i, keys := range []uint64{10_000, 100_000, 1_000_000, 10_000_000} {
		for _, cpus := range []int{1, 2} {
			for op, rate := range map[string]float64{"get": 6e6, "get16": 8e6, "set": 2.4e6, "set16": 3e6} {
				perCPU := rate * (1 - 0.06*float64(i)) * (1 - 0.08*float64(cpus-1))
				run.Points = append(run.Points, results.EnginePoint{
					Op: op, CPUs: cpus, Keys: keys, ValueBytes: 100, RateOps: perCPU * float64(cpus),
					NSPerOp: 1e9 / perCPU, OverheadBytesPerKey: 58,
				})
			}
		}
	}
	return run
}
