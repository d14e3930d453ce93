package summary

import (
	"slices"

	"bpfdb/results"
)

// Transactions is how the transactions of one type, or of all, ended in the good trials of a
// cell, added up.
type Transactions struct {
	results.TransactionCount
	Score  float64 // the highest anomaly score of a trial; meant for all types only
	Broken int     // trials with an invariant that does not hold
}

// AllTypes is the type under which all transactions of a cell are added up.
const AllTypes = "all"

// Share is how many of count come to one transaction that ended.
func (t Transactions) Share(count uint64) float64 {
	return float64(count) / float64(max(1, t.Commits+t.Aborts+t.GaveUp))
}

// Transactions lists the types of a cell after all of them together; nothing where the
// cell has no transactions.
func (p *Panel) Transactions(system string, row Row) []Transactions {
	var all []Transactions
	add := func(name string, c results.TransactionCount) {
		at := slices.IndexFunc(all, func(t Transactions) bool { return t.Type == name })
		if at < 0 {
			at, all = len(all), append(all, Transactions{TransactionCount: results.TransactionCount{Type: name}})
		}
		t := &all[at]
		t.Commits += c.Commits
		t.Aborts += c.Aborts
		t.Conflicts += c.Conflicts
		t.GaveUp += c.GaveUp
	}
	for _, s := range p.samples[cell{system, row}] {
		if s.trial.Failure != "" || len(s.trial.Transactions) == 0 {
			continue
		}
		for _, c := range s.trial.Transactions {
			add(AllTypes, c)
		}
		for _, c := range s.trial.Transactions {
			add(c.Type, c)
		}
		if score := s.trial.AnomalyScore; score != nil {
			all[0].Score = max(all[0].Score, *score)
		}
		if slices.ContainsFunc(s.trial.Invariants, func(i results.Invariant) bool { return !i.Holds }) {
			all[0].Broken++
		}
	}
	return all
}
