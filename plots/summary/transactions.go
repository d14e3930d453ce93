package summary

import (
	"bpfdb/plots/units"
	"bpfdb/results"
)

// Quantities of trials that run transactions; the value is NaN in others.
var (
	CommitRate = Metric{"commits", "Committed transactions", "commits per second", units.Rate,
		func(t *results.Trial) float64 {
			return float64(transactions(t).Commits) / (float64(t.DurationNS) / 1e9)
		}}
	ConflictShare = Metric{"conflicts", "Conflicts", "share of tries that met a conflict", units.Percent,
		func(t *results.Trial) float64 {
			sum := transactions(t)
			tries := sum.Commits + sum.Aborts + sum.Conflicts + sum.GaveUp
			if tries == 0 {
				return 0
			}
			return float64(sum.Conflicts) / float64(tries)
		}}
)

// transactions adds up the types of a trial.
func transactions(t *results.Trial) results.TransactionCount {
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

// Outcome is how the transactions of one cell ended, over its good trials.
type Outcome struct {
	results.TransactionCount
	Anomaly  float64 // highest anomaly score of a trial
	Scored   bool    // there is an anomaly score
	Violated []string
	Checked  int // invariants looked at
}

// Outcome adds up one cell.
func (p *Panel) Outcome(system string, row Row) Outcome {
	var o Outcome
	for _, s := range p.samples[cell{system, row}] {
		if s.trial.Failure != "" {
			continue
		}
		sum := transactions(s.trial)
		o.Commits += sum.Commits
		o.Aborts += sum.Aborts
		o.Conflicts += sum.Conflicts
		o.GaveUp += sum.GaveUp
		if s.trial.AnomalyScore != nil {
			o.Scored, o.Anomaly = true, max(o.Anomaly, *s.trial.AnomalyScore)
		}
		for _, invariant := range s.trial.Invariants {
			o.Checked++
			if !invariant.Holds {
				o.Violated = append(o.Violated, invariant.Name)
			}
		}
	}
	return o
}
