package summary

import (
	"bpfdb/plots/units"
	"bpfdb/results"
)

// Quantities of trials that run transactions; the value is NaN in others.
var (
	CommitRate = Metric{"commits", "Committed transactions", "commits per second", units.Rate,
		func(t *results.Trial) float64 {
			return float64(allTransactions(t).Commits) / (float64(t.DurationNS) / 1e9)
		}}
	ConflictShare = Metric{"conflicts", "Conflicts", "share of tries that met a conflict", units.Percent,
		func(t *results.Trial) float64 {
			sum := allTransactions(t)
			tries := sum.Commits + sum.Aborts + sum.Conflicts + sum.GaveUp
			if tries == 0 {
				return 0
			}
			return float64(sum.Conflicts) / float64(tries)
		}}
)

// allTransactions adds up the types of a trial.
func allTransactions(t *results.Trial) results.TransactionCount {
	var sum results.TransactionCount
	for _, count := range t.Transactions {
		sum.Commits += count.Commits
		sum.Aborts += count.Aborts
		sum.Conflicts += count.Conflicts
		sum.GaveUp += count.GaveUp
	}
	return sum
}

// HasTransactions tells whether the panel's good trials count transactions.
func (p *Panel) HasTransactions() bool {
	for _, samples := range p.samples {
		for _, s := range samples {
			if s.trial.Failure == "" && len(s.trial.Transactions) > 0 {
				return true
			}
		}
	}
	return false
}
