package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// UnpairedRatio is the ratio of the medians of a and b, which were measured apart. Drift
// of the machine between the two is part of it, and of no interval: prefer PairedRatio.
// Rounds is the size of the smaller sample. Values must be positive and finite.
func UnpairedRatio(a, b []float64, confidence float64, seed uint64) (Ratio, error) {
	if len(a) == 0 || len(b) == 0 {
		return Ratio{}, fmt.Errorf("stats: no ratio of %d values to %d", len(a), len(b))
	}
	for _, x := range slices.Concat(a, b) {
		if !positive(x) {
			return Ratio{}, fmt.Errorf("stats: no ratio with %v", x)
		}
	}
	random := rand.New(rand.NewPCG(seed, uint64(len(a))<<32+uint64(len(b))))
	median := func(xs []float64) float64 {
		sample := make([]float64, len(xs))
		for i := range sample {
			sample[i] = xs[random.IntN(len(xs))]
		}
		slices.Sort(sample)
		return quantile(sample, 0.5)
	}
	ratios := make([]float64, resamples)
	for i := range ratios {
		ratios[i] = math.Log(median(a)) - math.Log(median(b))
	}
	slices.Sort(ratios)
	tail := (1 - confidence) / 2
	return Ratio{
		Median: Median(a) / Median(b),
		Lo:     math.Exp(quantile(ratios, tail)), Hi: math.Exp(quantile(ratios, 1-tail)),
		Rounds: min(len(a), len(b)),
	}, nil
}
