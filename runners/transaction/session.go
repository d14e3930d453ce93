package transaction

import (
	"fmt"

	"bpfdb/workloads"
)

// Outcome is how a transaction ended.
type Outcome uint8

// The outcomes. Unfinished is none yet.
const (
	Unfinished Outcome = iota
	Committed          // it took effect, or read what it was to read
	Aborted            // it ended by its own rules without effect: no funds, no such row
	GaveUp             // every try ended in a conflict
	Failed             // the server answered with an error or with what cannot be
)

// Result is how one transaction went.
type Result struct {
	Outcome   Outcome
	Conflicts int    // tries that were repeated, or given up
	Money     int64  // cents a committed SmallBank transaction added to the bank
	Problem   string // of a failed one
}

// Session executes transactions over one connection, one after the other. The caller sends
// what Begin and Next return and hands back the replies, each whole, by Take. It must not
// be shared between goroutines.
type Session struct {
	mode  string
	spec  workloads.Spec
	tries int

	txn       workloads.Txn
	access    access
	request   request
	expected  []expectation // of the commands of this round
	answered  int
	asked     int // values wanted in this round
	worst     verdict
	outcome   outcome // of the logic, once it ended
	stages    int     // rounds of reads
	conflicts int
	problem   string
	watching  bool // keys are watched on the connection
	open      bool // a BEGIN has not been followed by its COMMIT
	loads     int  // of the script, for this transaction
}

// NewSession returns a session of a mode that CheckMode accepts. It repeats a transaction
// that meets conflicts until it was tried `tries` times.
func NewSession(mode string, spec workloads.Spec, tries int) (*Session, error) {
	if err := CheckMode(mode, spec); err != nil {
		return nil, err
	}
	if tries < 1 {
		return nil, fmt.Errorf("%w: %d tries", ErrMode, tries)
	}
	return &Session{mode: mode, spec: spec, tries: tries}, nil
}

// Begin appends the first requests of a transaction.
func (s *Session) Begin(dst []byte, t workloads.Txn) []byte {
	s.txn, s.conflicts, s.loads = t, 0, 0
	return s.attempt(dst)
}

// attempt appends the first requests of another try.
func (s *Session) attempt(dst []byte) []byte {
	s.access.reset()
	s.stages = 0
	s.newRound()
	if s.mode == Procedure || s.mode == Lua {
		s.access.penalty = 0
		return s.call(dst)
	}
	if s.mode == SortedSet {
		return s.ordered(dst)
	}
	return s.advance(dst)
}

// Due is how many replies of this round are still to come.
func (s *Session) Due() int { return len(s.expected) - s.answered }

// Take accounts for the reply to the oldest request that has none yet. Its elements may be
// overwritten afterwards.
func (s *Session) Take(reply []Element) {
	want := s.expected[s.answered]
	s.answered++
	if s.worst == proceed { // later replies follow from the first that was not fine
		s.worst = s.take(want, reply)
	}
}

// Next appends the requests of the next round once all replies are there, or, when there is
// none, returns the transaction's result.
func (s *Session) Next(dst []byte) ([]byte, Result) {
	switch s.worst {
	case conflict:
		if s.outcome != reading { // it was EXEC or COMMIT that met it, which ends the rest too
			s.watching, s.open = false, false
		}
		s.conflicts++
		if s.conflicts == s.tries {
			return dst, s.end(GaveUp)
		}
		return s.attempt(dst), Result{}
	case abort:
		return dst, s.end(Aborted)
	case unknownScript:
		if s.loads++; s.loads > 1 {
			s.fail("the script is unknown although it was just loaded")
			return dst, s.end(Failed)
		}
		return s.attempt(dst), Result{}
	case failure:
		return dst, s.end(Failed)
	}
	if s.mode == Procedure || s.mode == Lua {
		return dst, s.end(Committed)
	}
	if s.mode == SortedSet {
		if s.outcome == reading {
			return s.fetchNamed(dst), Result{}
		}
		return dst, s.end(Committed)
	}
	if s.outcome == reading {
		s.newRound()
		if next := s.advance(dst); len(s.expected) > 0 {
			return next, Result{}
		}
		if s.worst == failure {
			return dst, s.end(Failed)
		}
	} else {
		s.watching, s.open = false, false // EXEC and COMMIT ended that
	}
	if s.outcome == aborted {
		return dst, s.end(Aborted)
	}
	return dst, s.end(Committed)
}

func (s *Session) end(o Outcome) Result {
	result := Result{Outcome: o, Conflicts: s.conflicts}
	switch o {
	case Committed:
		result.Money = s.money()
	case Failed:
		result.Problem = fmt.Sprintf("%v: %s", s.txn.Kind, s.problem)
	}
	return result
}

// money is what the transaction adds to the bank, which the others only move about.
func (s *Session) money() int64 {
	switch s.txn.Kind {
	case workloads.DepositChecking, workloads.TransactSavings:
		return s.txn.Args[1]
	case workloads.WriteCheck:
		return -s.txn.Args[1] - s.access.penalty
	}
	return 0
}
