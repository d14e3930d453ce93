package run

import (
	"math"

	"github.com/HdrHistogram/hdrhistogram-go"

	"bpfdb/results"
)

// spectrum reads the values at the quantiles of results.SpectrumQuantile off a histogram,
// as far as the quantiles still leave a whole value above them.
func spectrum(h *hdrhistogram.Histogram) []int64 {
	var values []int64
	for k := range results.SpectrumPoints {
		quantile := results.SpectrumQuantile(k)
		if k > 0 && float64(h.TotalCount())*(1-quantile) < 1-1e-9 {
			break
		}
		values = append(values, h.ValueAtQuantile(100*math.Min(quantile, 1)))
	}
	return values
}

// normal95 is the 97.5th percentile of the normal law.
const normal95 = 1.96

// quantileInterval bounds a quantile with 95 % confidence by order statistics: how many of n
// values lie below it is binomial. It is 0, 0 where the upper bound would lie beyond all values.
func quantileInterval(h *hdrhistogram.Histogram, quantile float64) (lo, hi int64) {
	n := float64(h.TotalCount())
	half := normal95 * math.Sqrt(n*quantile*(1-quantile))
	upper := math.Ceil(n*quantile + half)
	if n == 0 || upper >= n {
		return 0, 0
	}
	lower := math.Floor(n*quantile - half)
	return h.ValueAtQuantile(100 * lower / n), h.ValueAtQuantile(100 * upper / n)
}
