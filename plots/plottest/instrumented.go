package plottest

import "bpfdb/results"

// Instrument gives a run an instrumented trial of each kind and outcome.
func Instrument(run *results.Run) {
	cell := run.Trials[0].Cell
	redis := cell
	redis.System = "redis"
	add := func(instrument string, c results.Cell, t results.InstrumentedTrial) {
		t.Instrument, t.Cell, t.Order = instrument, c, len(run.Instrumented)
		t.CellHash = instrument + c.System
		if t.Failure == "" && t.NotInstalled == "" {
			t.Ops, t.DurationNS = 1_000_000, 5e9
			t.CPU = results.CPU{BusyNS: 8e9, SoftIRQNS: 5e8, PerOpNS: 8000}
		}
		run.Instrumented = append(run.Instrumented, t)
	}
	add(results.InstrumentPerf, cell, results.InstrumentedTrial{Profile: &results.Profile{
		Perf: "perf version 0", FrequencyHz: 499, Samples: 1000, Idle: 100, User: 200, Kernel: 400, BPF: 300,
		FlameGraph: "profiles/a.svg", Stacks: "profiles/a.folded"}})
	add(results.InstrumentPerf, redis, results.InstrumentedTrial{NotInstalled: "perf is not installed: no <perf>"})
	add(results.InstrumentBPF, cell, results.InstrumentedTrial{Programs: []results.ProgramTime{
		{Name: "serve", Type: "SkMsg", Runs: 2_000_000, RunTimeNS: 1.6e9, PerRunNS: 800, PerOpNS: 1600},
		{Name: "accept", Type: "SockOps", Runs: 50, RunTimeNS: 5000, PerRunNS: 100, PerOpNS: 0.005},
		{Name: "prune", Type: "Syscall"},
	}})
	add(results.InstrumentBPF, redis, results.InstrumentedTrial{})
	redis.Workload = "ycsb-c"
	add(results.InstrumentBPF, redis, results.InstrumentedTrial{Failure: "no permission"})
}
