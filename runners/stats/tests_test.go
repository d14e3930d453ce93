package stats

import (
	"math"
	"slices"
	"testing"
)

func TestSignedRank(t *testing.T) {
	for _, c := range []struct {
		xs   []float64
		want float64
	}{
		{nil, 1},
		{[]float64{0, 0}, 1},
		{[]float64{1, 2, 3, 4, 5}, 1.0 / 32},                   // the one pattern of all signs positive
		{[]float64{-1, -2, -3}, 1},                             // nothing above zero
		{[]float64{-1, 2, 3, 4, 5}, 2.0 / 32},                  // sum 14 of 15: this pattern and the full one
		{[]float64{1, 1, 1}, 1.0 / 8},                          // ties
		{[]float64{1, -1}, 0.75},                               // tied with opposite signs
		{[]float64{0, 1, 2, 3}, 1.0 / 8},                       // a zero says nothing
		{[]float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 1.0 / 1024}, // the least that ten rounds can give
		// Table of critical values: n = 10, W- = 10 has one-sided p = 0.0420.
		{[]float64{1, 2, 3, -4, 5, -6, 7, 8, 9, 10}, 43.0 / 1024},
	} {
		if got := SignedRank(c.xs); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("SignedRank(%v) = %v, want %v", c.xs, got, c.want)
		}
	}
}

// The p-value by counting every sign pattern must be the one the recurrence gives.
func TestSignedRankCountsPatterns(t *testing.T) {
	xs := []float64{0.5, -0.5, 1.25, 3, -3, 3, 7, -8}
	count, patterns := 0, 1<<len(xs)
	signed := slices.Clone(xs)
	statistic := func(values []float64) (sum float64) {
		for _, x := range values {
			rank := 0.5
			for _, other := range values {
				if math.Abs(other) < math.Abs(x) {
					rank++
				} else if math.Abs(other) == math.Abs(x) {
					rank += 0.5
				}
			}
			if x > 0 {
				sum += rank
			}
		}
		return sum
	}
	seen := statistic(xs)
	for pattern := range patterns {
		for i := range xs {
			signed[i] = math.Abs(xs[i])
			if pattern>>i&1 == 1 {
				signed[i] = -signed[i]
			}
		}
		if statistic(signed) >= seen {
			count++
		}
	}
	if got, want := SignedRank(xs), float64(count)/float64(patterns); math.Abs(got-want) > 1e-12 {
		t.Errorf("SignedRank = %v, counting gives %v", got, want)
	}
}

func TestHolm(t *testing.T) {
	for _, c := range []struct{ ps, want []float64 }{
		{nil, []float64{}},
		{[]float64{0.02}, []float64{0.02}},
		// R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
		{[]float64{0.01, 0.04, 0.03, 0.005}, []float64{0.03, 0.06, 0.06, 0.02}},
		{[]float64{0.9, 0.8}, []float64{1, 1}},
	} {
		got := Holm(c.ps)
		if len(got) != len(c.want) {
			t.Fatalf("Holm(%v) = %v, want %v", c.ps, got, c.want)
		}
		for i := range got {
			if math.Abs(got[i]-c.want[i]) > 1e-12 {
				t.Errorf("Holm(%v) = %v, want %v", c.ps, got, c.want)
			}
		}
	}
}
