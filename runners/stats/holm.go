package stats

import (
	"cmp"
	"slices"
)

// Holm adjusts the p-values of a family of tests so that calling those at or below alpha
// significant is wrong about any of them with a chance of alpha at most (Holm,
// Scandinavian Journal of Statistics 1979). The order of ps is kept.
func Holm(ps []float64) []float64 {
	order := make([]int, len(ps))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(ps[a], ps[b]) })
	adjusted := make([]float64, len(ps))
	highest := 0.0
	for place, i := range order {
		highest = max(highest, min(1, ps[i]*float64(len(ps)-place)))
		adjusted[i] = highest
	}
	return adjusted
}
