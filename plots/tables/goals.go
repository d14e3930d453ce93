package tables

import (
	"fmt"
	"math"

	"bpfdb/plots/summary"
	"bpfdb/plots/units"
)

// goal is a bound this project set itself.
type goal struct {
	text  string
	judge func(*summary.Data) string
}

// tableKeys are the two table sizes that the engine's goals speak of.
const (
	million    = 1_000_000
	tenMillion = 10_000_000
)

var goals = []goal{
	{"sockmap path at least 1.25 times Redis at pipeline 1", comparison{metric: summary.Throughput,
		baseline: summary.Redis, system: "bpfdb-sockmap", pipeline: 1, holds: atLeast(1.25)}.judge},
	{"sockmap path at least 1.5 times Redis at pipeline 16", comparison{metric: summary.Throughput,
		baseline: summary.Redis, system: "bpfdb-sockmap", pipeline: 16, holds: atLeast(1.5)}.judge},
	{"wire path at least 2.2 times Redis, 100 B values", pathGoal("bpfdb-wire", summary.Redis, 100, 2.2)},
	{"wire path at least 1.7 times Dragonfly, 100 B values", pathGoal("bpfdb-wire", summary.Dragonfly, 100, 1.7)},
	{"wire path at least 2 times Redis, 1000 B values", pathGoal("bpfdb-wire", summary.Redis, 1000, 2)},
	{"wire path: p99 at most half of Redis's", comparison{metric: summary.P99, baseline: summary.Redis,
		system: "bpfdb-wire", holds: below(0.5)}.judge},
	{"local path at least 5 times Redis, 100 B values", pathGoal("bpfdb-local", summary.Redis, 100, 5)},
	{"local path at least 4 times Dragonfly, 100 B values", pathGoal("bpfdb-local", summary.Dragonfly, 100, 4)},
	{"local path at least 4 times Redis, 1000 B values", pathGoal("bpfdb-local", summary.Redis, 1000, 4)},
	{"local path: p99 at most a quarter of Redis's", comparison{metric: summary.P99, baseline: summary.Redis,
		system: "bpfdb-local", holds: below(0.25)}.judge},
	{"Voter by stored procedure at least 2 times Redis by script", comparison{experiment: voter,
		metric: summary.Throughput, baseline: summary.Redis + " lua", holds: atLeast(2)}.judge},
	{"engine: 5 M GET per second on one CPU, 1 M keys", engineRate("get", 5e6)},
	{"engine: the same, keys arriving 16 at a time", engineRate("get16", 5e6)},
	{"engine: 2 M one-key SET commits per second on one CPU, 1 M keys", engineRate("set", 2e6)},
	{"engine: the same, keys arriving 16 at a time", engineRate("set16", 2e6)},
	{"engine: at most 25 % of the GET rate lost from 1 M to 10 M keys", engineLoss("get", 0.25)},
	{"engine: the same, keys arriving 16 at a time", engineLoss("get16", 0.25)},
	{"engine: at most 25 % of the SET rate lost from 1 M to 10 M keys", engineLoss("set", 0.25)},
	{"engine: the same, keys arriving 16 at a time", engineLoss("set16", 0.25)},
	{"engine: at most 64 B of overhead per key", engineOverhead(64)},
}

// pathGoal is a goal for one path at one value size, over both pipeline depths.
func pathGoal(system, baseline string, valueBytes int, bound float64) func(*summary.Data) string {
	return comparison{metric: summary.Throughput, baseline: baseline, system: system, valueBytes: valueBytes,
		holds: atLeast(bound)}.judge
}

// goalTable writes the project's own goals with what the runs say.
func goalTable(d *summary.Data) string {
	t := newTable(2, "goal", "verdict")
	for _, g := range goals {
		t.row(g.text, g.judge(d))
	}
	return t.String() + "\n" + provenance(d) + engineProvenance(d)
}

// engineAt finds one operation on one CPU at a table size, with the smallest values that
// were measured: the goals speak of 100 B.
func engineAt(d *summary.Data, op string, keys uint64) (summary.EngineSummary, bool) {
	for _, valueBytes := range d.EngineValueBytes() {
		for _, series := range d.EngineSeries(valueBytes) {
			for _, point := range series.Points {
				if series.Op == op && series.CPUs == 1 && point.Keys == keys {
					return point, true
				}
			}
		}
	}
	return summary.EngineSummary{}, false
}

func notMeasured(op string, keys uint64) string {
	return fmt.Sprintf("not tested: no %s at %s keys on one CPU in these runs", op,
		units.Count(float64(keys)))
}

func met(yes bool, measured string) string {
	if yes {
		return "**met**: " + measured
	}
	return "missed: " + measured
}

func engineRate(op string, bound float64) func(*summary.Data) string {
	return func(d *summary.Data) string {
		point, ok := engineAt(d, op, million)
		if !ok {
			return notMeasured(op, million)
		}
		return met(point.Rate.Lo >= bound, units.Rate(point.Rate.Median)+"/s")
	}
}

func engineLoss(op string, bound float64) func(*summary.Data) string {
	return func(d *summary.Data) string {
		small, ok := engineAt(d, op, million)
		if !ok {
			return notMeasured(op, million)
		}
		large, ok := engineAt(d, op, tenMillion)
		if !ok {
			return notMeasured(op, tenMillion)
		}
		loss := 1 - large.Rate.Median/small.Rate.Median
		return met(loss <= bound, units.Digits(100*loss)+" % lost")
	}
}

func engineOverhead(bound float64) func(*summary.Data) string {
	return func(d *summary.Data) string {
		worst := map[uint64]float64{} // by keys
		for _, valueBytes := range d.EngineValueBytes() {
			for _, series := range d.EngineSeries(valueBytes) {
				for _, point := range series.Points {
					worst[point.Keys] = max(worst[point.Keys], point.OverheadBytesPerKey)
				}
			}
		}
		if len(worst) == 0 {
			return "not tested: no engine run"
		}
		within, least, most := 0, math.Inf(1), 0.0
		for _, bytes := range worst {
			least, most = min(least, bytes), max(most, bytes)
			if bytes <= bound {
				within++
			}
		}
		text := fmt.Sprintf("%s B to %s B, by table size", units.Digits(least), units.Digits(most))
		if within > 0 && within < len(worst) {
			return fmt.Sprintf("in part: in %d of %d table sizes; %s", within, len(worst), text)
		}
		return met(within > 0, text)
	}
}
