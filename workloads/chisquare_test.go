package workloads

import (
	"math"
	"testing"
)

// checkChiSquare fails unless counts are a plausible sample of the probabilities.
func checkChiSquare(t *testing.T, counts []uint64, probability func(i int) float64) {
	t.Helper()
	if statistic, limit := chiSquare(counts, probability); statistic > limit {
		t.Errorf("chi-square is %.1f, want at most %.1f", statistic, limit)
	}
}

// chiSquare returns the statistic and the limit for accepting it. Bins that expect fewer
// than ten draws are pooled. With d degrees of freedom the statistic has mean d and
// variance 2d; four standard deviations and a fixed seed leave no flakes.
func chiSquare(counts []uint64, probability func(i int) float64) (statistic, limit float64) {
	var total, pooled, pooledExpected float64
	for _, c := range counts {
		total += float64(c)
	}
	bins := 0
	add := func(count, expected float64) {
		statistic += (count - expected) * (count - expected) / expected
		bins++
	}
	for i, c := range counts {
		expected := total * probability(i)
		if expected < 10 {
			pooled += float64(c)
			pooledExpected += expected
			continue
		}
		add(float64(c), expected)
	}
	if pooledExpected > 0 {
		add(pooled, pooledExpected)
	}
	freedom := float64(bins - 1)
	return statistic, freedom + 4*math.Sqrt(2*freedom)
}

// TestChiSquareBites shows that the check rejects a sample that is off by two percent.
func TestChiSquareBites(t *testing.T) {
	counts := []uint64{102_000, 98_000, 102_000, 98_000}
	if statistic, limit := chiSquare(counts, func(int) float64 { return 0.25 }); statistic <= limit {
		t.Errorf("statistic %.1f is within %.1f, want it rejected", statistic, limit)
	}
}

// zeta is the sum of i^-theta for i from 1 to n.
func zeta(n int, theta float64) float64 {
	var sum float64
	for i := n; i >= 1; i-- { // small terms first, for precision
		sum += math.Pow(float64(i), -theta)
	}
	return sum
}
