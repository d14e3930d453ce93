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
