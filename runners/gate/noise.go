package gate

import (
	"math"
	"math/rand/v2"
	"slices"

	"bpfdb/runners/stats"
)

// noiseShare of all comparisons between equal builds stay within the least effect.
const noiseShare = 0.95

// noise is how far the median of such blocks lies from nothing, either way, in noiseShare of
// all cases, if the builds are equal. It is read off base's two servers in the same
// blocks: blocks are drawn whole, with either sign, as one server may be slower for its
// whole life, and their rounds again from each. The result is an effect, 0.05 is 5 %.
func noise(blocks []Rounds, resamples int, seed uint64) float64 {
	random := rand.New(rand.NewPCG(seed, 2))
	sizes := make([]float64, resamples)
	var drawn []float64
	for i := range sizes {
		drawn = drawn[:0]
		for range blocks {
			equal := blocks[random.IntN(len(blocks))].Equal
			sign := float64(1 - 2*random.IntN(2))
			for range equal {
				drawn = append(drawn, sign*equal[random.IntN(len(equal))])
			}
		}
		sizes[i] = math.Abs(middle(drawn))
	}
	slices.Sort(sizes)
	return math.Exp(sizes[int(noiseShare*float64(resamples-1))]) - 1
}

// interval is the confidence interval of the median of blocks' rounds, by a bootstrap in two
// stages: blocks, then the rounds of each. Where blocks disagree it is wide, however many
// rounds they have.
func interval(blocks []Rounds, confidence float64, resamples int, seed uint64) (lo, hi float64) {
	random := rand.New(rand.NewPCG(seed, 3))
	medians := make([]float64, resamples)
	var drawn []float64
	for i := range medians {
		drawn = drawn[:0]
		for range blocks {
			worse := blocks[random.IntN(len(blocks))].Worse
			for range worse {
				drawn = append(drawn, worse[random.IntN(len(worse))])
			}
		}
		medians[i] = middle(drawn)
	}
	slices.Sort(medians)
	tail := (1 - confidence) / 2
	last := float64(resamples - 1)
	return medians[int(math.Round(tail*last))], medians[int(math.Round((1-tail)*last))]
}

// middle is the median of xs, which it sorts.
func middle(xs []float64) float64 {
	slices.Sort(xs)
	n := len(xs)
	return (xs[(n-1)/2] + xs[n/2]) / 2
}

// pooled are the pairs of all blocks.
func pooled(blocks []Rounds) (worse []float64) {
	for _, b := range blocks {
		worse = append(worse, b.Worse...)
	}
	return worse
}

// recurring counts the blocks that by themselves show more than the least effect.
func recurring(blocks []Rounds, least, alpha float64) (n int) {
	for _, b := range blocks {
		if stats.Median(b.Worse) > math.Log(1+least) && stats.SignedRank(b.Worse) <= alpha {
			n++
		}
	}
	return n
}
