package summary

import (
	"math"

	"bpfdb/runners/stats"
)

// Overall is the geometric mean of a ratio over several cells, round by round: the median
// over rounds with its interval. A cell with fewer rounds than the others bounds them all;
// without cells the result is zero.
func Overall(cells []Estimate, seed uint64) stats.Ratio {
	if len(cells) == 0 {
		return stats.Ratio{}
	}
	rounds := math.MaxInt
	for _, cell := range cells {
		rounds = min(rounds, len(cell.Values))
	}
	logs := make([]float64, rounds)
	for _, cell := range cells {
		for i := range logs {
			logs[i] += math.Log(cell.Values[i]) / float64(len(cells))
		}
	}
	lo, hi := stats.BootstrapCI(logs, Confidence, seed)
	return stats.Ratio{Median: math.Exp(stats.Median(logs)), Lo: math.Exp(lo), Hi: math.Exp(hi), Rounds: rounds}
}
