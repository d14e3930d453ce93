package stats

import (
	"cmp"
	"math"
	"slices"
)

// SignedRank is the exact one-sided p-value of Wilcoxon's signed-rank test that the xs
// lie above zero (Wilcoxon, Biometrics Bulletin 1945). Zeros are left out, ties get their
// mean rank, and the distribution is that of the ranks at hand, not a normal one. With
// nothing but zeros, or no values at all, it is 1. The cost grows as the cube of len(xs),
// which is rounds and so a few hundred at most.
func SignedRank(xs []float64) float64 {
	values := slices.DeleteFunc(slices.Clone(xs), func(x float64) bool { return x == 0 })
	slices.SortFunc(values, func(a, b float64) int { return cmp.Compare(math.Abs(a), math.Abs(b)) })
	ranks := doubledRanks(values)
	total, seen := 0, 0
	for i, rank := range ranks {
		total += rank
		if values[i] > 0 {
			seen += rank
		}
	}
	// ways[s] is the share of all sign patterns whose positive ranks sum to s.
	ways := make([]float64, total+1)
	ways[0] = 1
	reach := 0 // no higher sum is possible yet
	for _, rank := range ranks {
		reach += rank
		for sum := reach; sum >= 0; sum-- {
			ways[sum] /= 2
			if sum >= rank {
				ways[sum] += ways[sum-rank] / 2
			}
		}
	}
	p := 0.0
	for _, share := range ways[seen:] {
		p += share
	}
	return min(p, 1)
}

// doubledRanks ranks values sorted by magnitude. Ranks are doubled to keep the mean rank
// of ties whole.
func doubledRanks(sorted []float64) []int {
	ranks := make([]int, len(sorted))
	for start := 0; start < len(sorted); {
		end := start + 1
		for end < len(sorted) && math.Abs(sorted[end]) == math.Abs(sorted[start]) {
			end++
		}
		for i := start; i < end; i++ {
			ranks[i] = start + 1 + end
		}
		start = end
	}
	return ranks
}
