package gate

import (
	"errors"
	"fmt"
	"math"

	"bpfdb/runners/run"
	"bpfdb/runners/stats"
)

// The metrics that are judged.
const (
	MetricP99        = "p99"
	MetricThroughput = "throughput"
)

// LeastRounds is the fewest paired rounds a block may have: with ten, a one-sided exact
// test can still reach 0.001.
const LeastRounds = 10

// leastLatencies is how many latencies a slice needs: its 99th percentile then rests on ten,
// and the judgement on the middle of many slices.
const leastLatencies = 1000

// ErrBroken means that a comparison could not be completed; it says nothing about builds.
var ErrBroken = errors.New("the comparison is broken")

// Rounds are the pairs of one metric in one block, logarithms of ratios in which above zero
// means worse, whichever way the metric points.
type Rounds struct {
	// Worse holds, for each round, ln of how many times worse head was than base, whose two
	// servers count by their geometric mean.
	Worse []float64 `json:"worse_ln"`
	// Equal holds the same of base's one server against its other: noise.
	Equal []float64 `json:"equal_ln"`
}

// Block is one block of a cell: fresh servers, measured in turns.
type Block struct {
	Metrics map[string]Rounds // by metric
	// BaseP99NS and BaseOps are medians of base's slices, which give the ratios a scale.
	BaseP99NS, BaseOps float64
	Saturated          float64    // share of slices in which the generator was the bottleneck
	Bytes              [2]float64 // memory that loading took, of base and head
	Counted            bool       // the servers count their memory
}

// newBlock turns slices into pairs. All must be there and good: leaving one out could hide
// the very slowdown that made it fail.
func newBlock(measured []run.Contestant) (Block, error) {
	b := Block{Metrics: map[string]Rounds{}}
	if len(measured) != serverCount {
		return Block{}, fmt.Errorf("%w: %d servers, want %d", ErrBroken, len(measured), serverCount)
	}
	rounds := len(measured[baseServer].Slices)
	p99, rate := Rounds{}, Rounds{}
	var levels, rates []float64
	saturated := 0.0
	for round := range rounds {
		var slow, long [serverCount]float64 // ln of p99 and of time per operation
		for i, c := range measured {
			if len(c.Slices) != rounds {
				return Block{}, fmt.Errorf("%w: %d and %d rounds", ErrBroken, rounds, len(c.Slices))
			}
			s := c.Slices[round]
			if err := usable(s); err != nil {
				return Block{}, fmt.Errorf("%w: round %d, server %d: %w", ErrBroken, round, i, err)
			}
			slow[i], long[i] = math.Log(float64(s.P99NS)), -math.Log(s.ThroughputOps)
			if s.Saturated {
				saturated++
			}
			if i != headServer {
				levels, rates = append(levels, float64(s.P99NS)), append(rates, s.ThroughputOps)
			}
		}
		p99.add(slow)
		rate.add(long)
	}
	if rounds == 0 {
		return Block{}, fmt.Errorf("%w: no rounds", ErrBroken)
	}
	b.Metrics[MetricP99], b.Metrics[MetricThroughput] = p99, rate
	b.BaseP99NS, b.BaseOps = stats.Median(levels), stats.Median(rates)
	b.Saturated = saturated / float64(serverCount*rounds)
	b.Counted = measured[baseServer].LoadedBytes > 0 && measured[headServer].LoadedBytes > 0
	for side, i := range []int{baseServer, headServer} {
		b.Bytes[side] = float64(measured[i].LoadedBytes) - float64(measured[i].EmptyBytes)
	}
	return b, nil
}

func (r *Rounds) add(ln [serverCount]float64) {
	r.Worse = append(r.Worse, ln[headServer]-(ln[baseServer]+ln[twinServer])/2)
	r.Equal = append(r.Equal, ln[twinServer]-ln[baseServer])
}

func usable(s run.Slice) error {
	switch {
	case s.Ops < leastLatencies:
		return fmt.Errorf("%d latencies, want at least %d: slices are too short", s.Ops, leastLatencies)
	case s.P99NS <= 0 || !(s.ThroughputOps > 0) || math.IsInf(s.ThroughputOps, 1):
		return errors.New("nothing measured")
	}
	return nil
}

// times is how many times worse head was by a metric, over this block alone.
func (b Block) times(metric string) float64 { return math.Exp(stats.Median(b.Metrics[metric].Worse)) }
