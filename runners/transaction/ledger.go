package transaction

import "bpfdb/workloads"

// Count is how the transactions of one type ended.
type Count struct {
	Commits, Aborts, GaveUp, Failed uint64
	Conflicts                       uint64 // tries that were repeated, or given up
}

// Total is how many transactions ended.
func (c Count) Total() uint64 { return c.Commits + c.Aborts + c.GaveUp + c.Failed }

// Ledger adds up results.
type Ledger struct {
	Counts       [workloads.TxnKindCount]Count
	Money        int64  // cents that committed transactions added to the bank
	FirstProblem string // of a transaction that failed
}

// Add enters one result.
func (l *Ledger) Add(kind workloads.TxnKind, r Result) {
	c := &l.Counts[kind]
	c.Conflicts += uint64(r.Conflicts)
	switch r.Outcome {
	case Committed:
		c.Commits++
		l.Money += r.Money
	case Aborted:
		c.Aborts++
	case GaveUp:
		c.GaveUp++
	case Failed:
		c.Failed++
		if l.FirstProblem == "" {
			l.FirstProblem = r.Problem
		}
	}
}

// Merge enters all of another ledger.
func (l *Ledger) Merge(other *Ledger) {
	for kind, c := range other.Counts {
		mine := &l.Counts[kind]
		mine.Commits += c.Commits
		mine.Aborts += c.Aborts
		mine.GaveUp += c.GaveUp
		mine.Failed += c.Failed
		mine.Conflicts += c.Conflicts
	}
	l.Money += other.Money
	if l.FirstProblem == "" {
		l.FirstProblem = other.FirstProblem
	}
}

// Total adds up all types.
func (l *Ledger) Total() (sum Count) {
	for _, c := range l.Counts {
		sum.Commits += c.Commits
		sum.Aborts += c.Aborts
		sum.GaveUp += c.GaveUp
		sum.Failed += c.Failed
		sum.Conflicts += c.Conflicts
	}
	return sum
}
