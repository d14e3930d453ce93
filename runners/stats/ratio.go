package stats

import (
	"fmt"
	"math"
)

// Ratio compares two systems over paired rounds: 1.5 means a is 1.5 times b.
type Ratio struct {
	Median float64 `json:"median"` // of the rounds' ratios
	Lo     float64 `json:"lo"`     // bounds of its confidence interval
	Hi     float64 `json:"hi"`
	Rounds int     `json:"rounds"` // pairs it rests on
}

// PairedRatio is a over b where a[i] and b[i] were measured in the same round, next
// to each other in time, so that drift of the machine cancels (Abedi and Brecht,
// ICPE 2017). It works on logarithms, so that swapping a and b inverts the result.
// A pair with a value that is not positive and finite is an error: leave failed
// rounds out on both sides first.
func PairedRatio(a, b []float64, confidence float64, seed uint64) (Ratio, error) {
	if len(a) != len(b) {
		return Ratio{}, fmt.Errorf("stats: %d values cannot be paired with %d", len(a), len(b))
	}
	if len(a) == 0 {
		return Ratio{}, fmt.Errorf("stats: no rounds to pair")
	}
	logs := make([]float64, len(a))
	for i := range a {
		if !positive(a[i]) || !positive(b[i]) {
			return Ratio{}, fmt.Errorf("stats: round %d: no ratio of %v to %v", i, a[i], b[i])
		}
		logs[i] = math.Log(a[i]) - math.Log(b[i])
	}
	lo, hi := BootstrapCI(logs, confidence, seed)
	return Ratio{
		Median: math.Exp(Median(logs)),
		Lo:     math.Exp(lo),
		Hi:     math.Exp(hi),
		Rounds: len(a),
	}, nil
}

func positive(x float64) bool { return x > 0 && !math.IsInf(x, 1) }
