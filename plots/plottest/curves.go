package plottest

import (
	"math"
	"math/rand/v2"

	"bpfdb/results"
)

// Curves invents a run of what is drawn as curves: YCSB A over connections, under an open
// loop at rising rates and for half a minute, and YCSB+T under rising contention.
func Curves(rounds int) *results.Run {
	run := Run(0)
	random := rand.New(rand.NewPCG(3, 4))
	add := func(cell results.Cell, round int, rate float64) *results.Trial {
		t := trial(cell, round, len(run.Trials), rate*(1+0.06*random.Float64()))
		t.Latency[0].SpectrumNS = spectrum(t.Latency[0], random)
		run.Trials = append(run.Trials, t)
		return &run.Trials[len(run.Trials)-1]
	}
	base := results.Cell{Workload: "ycsb-a", Distribution: "zipfian", Records: 100_000, ValueBytes: 100,
		Driver: "raw", Threads: 1, Connections: 50, Pipeline: 1, Topology: "loopback"}
	for round := range rounds {
		for _, s := range speeds {
			for _, connections := range []int{1, 10, 50, 200, 1000, 5000} {
				cell := base
				cell.Experiment, cell.System, cell.Connections = "connections", s.system, connections
				n := float64(connections)
				add(cell, round, s.rate*n/(n+6)/(1+n/20_000))
			}
			for _, offered := range []float64{10_000, 20_000, 40_000, 60_000, 80_000} {
				cell := base
				cell.Experiment, cell.System = "rates", s.system
				cell.RateOps, cell.Arrival = offered, "poisson"
				addOpen(add, cell, round, s.rate, random)
			}
			cell := base
			cell.Experiment, cell.System = "course", s.system
			addLong(add(cell, round, s.rate), random)
		}
		contention(base, round, add)
	}
	run.PlannedTrials = len(run.Trials)
	return run
}

type adder func(cell results.Cell, round int, rate float64) *results.Trial

// addOpen adds a trial at an offered rate: a queue whose length grows towards the capacity.
func addOpen(add adder, cell results.Cell, round int, capacity float64, random *rand.Rand) {
	t := add(cell, round, min(cell.RateOps, capacity))
	room := max(1-cell.RateOps/capacity, 0.004)
	p50 := 60_000 / room * (1 + 0.1*random.Float64())
	t.Latency[0].P50NS, t.Latency[0].P99NS = int64(p50), int64(p50*4.5)
	t.Latency[0].SpectrumNS = spectrum(t.Latency[0], random)
	if cell.RateOps > capacity {
		t.Client.Saturated = "invented"
	}
}

// addLong makes a trial one of half a minute with a dip, as a checkpoint might cause.
func addLong(t *results.Trial, random *rand.Rand) {
	for second := range 31 {
		share := 1 + 0.04*random.NormFloat64()
		if second >= 12 && second < 16 {
			share *= 0.6
		}
		p99 := int64(float64(t.Latency[0].P99NS) / share / share)
		t.Windows = append(t.Windows, results.Window{Ops: uint64(t.ThroughputOps * share), P99NS: p99})
	}
}

func contention(base results.Cell, round int, add adder) {
	for i, law := range []string{"uniform", "zipfian:0.5", "zipfian:0.8", "zipfian:0.99", "hotspot:10:0.99"} {
		for _, arm := range []struct {
			system, mode string
			rate         float64
		}{{"bpfdb-sockmap", "multi", 40_000}, {"bpfdb-sockmap", "interactive", 22_000}, {"redis", "lua", 30_000}} {
			cell := base
			cell.Experiment, cell.Workload, cell.Distribution, cell.ValueBytes = "ycsb-t", "ycsb-t", law, 0
			cell.System, cell.Mode = arm.system, arm.mode
			conflicts := 0.0
			if arm.mode != "lua" {
				conflicts = 0.002 * math.Pow(3.2, float64(i))
			}
			t := add(cell, round, arm.rate*(1-conflicts))
			score := 0.0
			t.AnomalyScore = &score
			t.Transactions = []results.TransactionCount{{Type: "transfer", Commits: t.Ops,
				Conflicts: uint64(float64(t.Ops) * conflicts)}}
			t.Invariants = []results.Invariant{{Name: "total cash", Holds: true, Detail: "invented"}}
		}
	}
}

// spectrum invents a latency curve through the trial's percentiles.
func spectrum(l results.OpLatency, random *rand.Rand) []int64 {
	values := make([]int64, 0, 4*results.SpectrumPerDecade)
	slope := math.Log(float64(l.P99NS)/float64(l.P50NS)) / math.Log(50)
	for k := range cap(values) {
		tail := 1 / (1 - results.SpectrumQuantile(k))
		value := float64(l.P50NS) * math.Pow(tail/2, slope) * (1 + 0.03*random.Float64())
		if k > 0 {
			value = max(value, float64(values[k-1]))
		}
		values = append(values, int64(value))
	}
	return values
}
