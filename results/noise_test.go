package results_test

import (
	"math"
	"testing"

	"bpfdb/results"
)

func TestNoise(t *testing.T) {
	trial := func(system string, round int, rate float64, p99 int64, failure string) results.Trial {
		return results.Trial{Cell: results.Cell{System: system, Pipeline: 1}, Round: round, ThroughputOps: rate,
			Latency: []results.OpLatency{{Op: "all", P99NS: p99}}, Failure: failure}
	}
	r := &results.Run{Trials: []results.Trial{
		trial("a", 0, 100, 1000, ""), trial("a.aa", 0, 110, 1000, ""),
		trial("a.aa", 1, 200, 500, ""), trial("a", 1, 100, 1000, ""),
		trial("a", 2, 100, 1000, "broken"), trial("a.aa", 2, 500, 9000, ""),
		trial("b", 0, 1, 1, ""),
	}}
	n := results.Noise(r, "a")
	if n == nil || n.Pairs != 2 || n.Throughput.Median != math.Log(1.1) || n.Throughput.Max != math.Ln2 ||
		n.P99.Median != 0 || n.P99.Max != math.Ln2 {
		t.Errorf("noise %+v", n)
	}
	if n := results.Noise(r, "b"); n != nil {
		t.Errorf("noise of a system without twin: %+v", n)
	}
}
