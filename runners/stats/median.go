package stats

import (
	"math"
	"slices"
)

// Median is the middle of xs, the mean of the two middle values when their number is
// even, and NaN when there are none. xs is not changed.
func Median(xs []float64) float64 {
	sorted := slices.Clone(xs)
	slices.Sort(sorted)
	return quantile(sorted, 0.5)
}

// MinMax is the range of xs; both are NaN when xs is empty.
func MinMax(xs []float64) (lo, hi float64) {
	if len(xs) == 0 {
		return math.NaN(), math.NaN()
	}
	return slices.Min(xs), slices.Max(xs)
}

// quantile interpolates linearly between the order statistics of a sorted slice
// (Hyndman and Fan 1996, definition 7); q is in 0..1.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	position := q * float64(len(sorted)-1)
	below := int(math.Floor(position))
	if below+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	fraction := position - float64(below)
	return sorted[below]*(1-fraction) + sorted[below+1]*fraction
}
