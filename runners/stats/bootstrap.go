package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// resamples bounds the bootstrap: 10,000 put the Monte Carlo error of a 95 % bound
// well below the width of an interval over a handful of trials.
const resamples = 10_000

// BootstrapCI is the percentile-bootstrap confidence interval of the median of xs.
// confidence is in (0, 1), 0.95 for 95 %; anything else panics, being a mistake in
// the program and not in the data. One value gives an interval of no width, none NaN.
func BootstrapCI(xs []float64, confidence float64, seed uint64) (lo, hi float64) {
	if !(confidence > 0 && confidence < 1) {
		panic(fmt.Sprintf("stats: confidence %v is not in (0, 1)", confidence))
	}
	if len(xs) == 0 {
		return math.NaN(), math.NaN()
	}
	random := rand.New(rand.NewPCG(seed, uint64(len(xs))))
	medians := make([]float64, resamples)
	sample := make([]float64, len(xs))
	for i := range medians {
		for j := range sample {
			sample[j] = xs[random.IntN(len(xs))]
		}
		slices.Sort(sample)
		medians[i] = quantile(sample, 0.5)
	}
	slices.Sort(medians)
	tail := (1 - confidence) / 2
	return quantile(medians, tail), quantile(medians, 1-tail)
}
