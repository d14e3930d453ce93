package results

import (
	"math"
	"slices"
	"strings"
)

// TwinSuffix marks a system that is another one measured a second time.
const TwinSuffix = ".aa"

// NoiseFloor is what a machine shows where nothing differs: an A/A run, in which a system and
// its twin were measured side by side. Differences between systems that are no larger mean
// nothing. Each value is of |ln(twin/system)| over the pairs of trials of a point and round:
// the ratio of 1.05 is 0.0488.
type NoiseFloor struct {
	System     string `json:"system"`
	Pairs      int    `json:"pairs"`
	Throughput Spread `json:"throughput"`
	P99        Spread `json:"p99"`
	CPUPerOp   Spread `json:"cpu_per_op"`
}

// Spread sums up absolute differences.
type Spread struct {
	Median float64 `json:"median_ln"`
	P95    float64 `json:"p95_ln"`
	Max    float64 `json:"max_ln"`
}

// Noise compares a system of the run with its twin; nil when there is no pair of good trials.
func Noise(r *Run, system string) *NoiseFloor {
	type at struct {
		cell  Cell
		round int
	}
	first := map[at]*Trial{}
	for i := range r.Trials {
		if t := &r.Trials[i]; t.Cell.System == system && t.Failure == "" {
			first[at{t.Cell, t.Round}] = t
		}
	}
	var throughput, p99, cpu []float64
	for i := range r.Trials {
		t := &r.Trials[i]
		name, isTwin := strings.CutSuffix(t.Cell.System, TwinSuffix)
		if !isTwin || name != system || t.Failure != "" {
			continue
		}
		cell := t.Cell
		cell.System = name
		other := first[at{cell, t.Round}]
		if other == nil {
			continue
		}
		throughput = append(throughput, apart(t.ThroughputOps, other.ThroughputOps))
		p99 = append(p99, apart(float64(p99Of(t)), float64(p99Of(other))))
		cpu = append(cpu, apart(t.CPU.PerOpNS, other.CPU.PerOpNS))
	}
	if len(throughput) == 0 {
		return nil
	}
	return &NoiseFloor{System: system, Pairs: len(throughput), Throughput: spread(throughput),
		P99: spread(p99), CPUPerOp: spread(cpu)}
}

func p99Of(t *Trial) int64 {
	for _, l := range t.Latency {
		if l.Op == "all" {
			return l.P99NS
		}
	}
	return 0
}

// apart is 0 also where one of the values is too small to have been seen.
func apart(a, b float64) float64 {
	if a <= 0 || b <= 0 {
		return 0
	}
	return math.Abs(math.Log(a / b))
}

// spread takes the nearest ranks.
func spread(values []float64) Spread {
	slices.Sort(values)
	rank := func(share float64) float64 {
		return values[max(int(math.Ceil(share*float64(len(values))))-1, 0)]
	}
	return Spread{Median: rank(0.5), P95: rank(0.95), Max: values[len(values)-1]}
}
