package results

import "math"

// The latency spectrum has its points where a percentile plot with a logarithmic axis
// needs them: eight to every decade of 1/(1-quantile).
const (
	SpectrumPerDecade = 8
	SpectrumPoints    = 6*SpectrumPerDecade + 1 // up to 0.999999
)

// SpectrumQuantile is the quantile of point k of OpLatency.SpectrumNS: 1 - 10^(-k/8).
func SpectrumQuantile(k int) float64 {
	return 1 - math.Pow(10, -float64(k)/SpectrumPerDecade)
}
