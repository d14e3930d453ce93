package workloads

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

const draws = 1_000_000

func sampleCounts(d Distribution, n uint64) []uint64 {
	r := rand.New(rand.NewPCG(1, 2))
	counts := make([]uint64, n)
	for range draws {
		counts[d.Next(r)]++ // panics if a draw is out of range
	}
	return counts
}

func TestUniform(t *testing.T) {
	for _, n := range []uint64{2, 1000, 65_537} {
		checkChiSquare(t, sampleCounts(uniform{n: n}, n), func(int) float64 { return 1 / float64(n) })
	}
}

// TestZipfRanks compares draws with the exact probabilities, below, at and above theta 1.
func TestZipfRanks(t *testing.T) {
	for _, theta := range []float64{0.2, 0.5, 0.99, 1, 1.01, 1.5, 3} {
		for _, n := range []int{2, 3, tailRank, tailRank + 1, tailRank + 2, 10_000} {
			t.Run(fmt.Sprintf("theta=%g/n=%d", theta, n), func(t *testing.T) {
				ranks, sum := newZipf(uint64(n), theta), zeta(n, theta)
				r := rand.New(rand.NewPCG(3, uint64(n)))
				counts := make([]uint64, n)
				for range draws {
					counts[ranks.next(r)]++
				}
				checkChiSquare(t, counts, func(i int) float64 { return math.Pow(float64(i+1), -theta) / sum })
			})
		}
	}
}

// TestZipfTailMass compares the closed form with the sum it stands for, within 1e-12
// of the mass of all ranks.
func TestZipfTailMass(t *testing.T) {
	for _, theta := range []float64{0.2, 0.99, 1, 1.5, 4} {
		for _, n := range []int{tailRank + 1, tailRank + 2, 100_000} {
			want := 0.0
			for k := n; k > tailRank; k-- {
				want += math.Pow(float64(k), -theta)
			}
			got := newZipf(uint64(n), theta).tailMass()
			if math.Abs(got-want) > 1e-12*zeta(n, theta) {
				t.Errorf("theta=%g n=%d: %g, want %g", theta, n, got, want)
			}
		}
	}
}

func TestZipfOneRecord(t *testing.T) {
	d := newScatteredZipf(1, 0.99)
	if got := sampleCounts(d, 1)[0]; got != draws {
		t.Errorf("%d of %d draws hit the only record", got, draws)
	}
}

// TestScatteredZipfSkew compares the realised skew over a million keys with the zeta
// function: the share of the hottest key and of the hottest percent of the keys.
func TestScatteredZipfSkew(t *testing.T) {
	const n, theta = 1_000_000, 0.99
	d := newScatteredZipf(n, theta)
	counts := sampleCounts(d, n)
	sum := zeta(n, theta)
	var top uint64
	for rank := range uint64(n / 100) {
		top += counts[d.scatter.at(rank)]
	}
	checkShare(t, "hottest key", counts[d.scatter.at(0)], 1/sum)
	checkShare(t, "hottest percent", top, zeta(n/100, theta)/sum)
}

// checkShare fails unless count is within four standard deviations of what p gives.
func checkShare(t *testing.T, what string, count uint64, p float64) {
	t.Helper()
	got, tolerance := float64(count)/draws, 4*math.Sqrt(p*(1-p)/draws)
	if math.Abs(got-p) > tolerance {
		t.Errorf("%s got %.4f of the draws, want %.4f +- %.4f", what, got, p, tolerance)
	}
}

func TestPermutationIsBijection(t *testing.T) {
	sizes := []uint64{1000, 4096, 4097, 65_535, 1_000_003}
	for n := uint64(1); n <= 130; n++ {
		sizes = append(sizes, n)
	}
	for _, n := range sizes {
		p, seen := newPermutation(n), make([]bool, n)
		for i := range n {
			image := p.at(i)
			if image >= n || seen[image] {
				t.Fatalf("n=%d: %d maps to %d, which is out of range or taken", n, i, image)
			}
			seen[image] = true
		}
	}
}

// TestPermutationScatters checks that neighbouring numbers land anywhere: the first
// thousand of a million fall evenly into twenty regions.
func TestPermutationScatters(t *testing.T) {
	const n, regions = 1_000_000, 20
	p, counts := newPermutation(n), make([]uint64, regions)
	for i := range uint64(1000) {
		counts[p.at(i)*regions/n]++
	}
	checkChiSquare(t, counts, func(int) float64 { return 1.0 / regions })
}
