package transaction

import (
	"fmt"
	"slices"

	"bpfdb/workloads"
)

// Store reads keys back by plain commands. Fetch returns their values in order, nil where
// there is none; they hold until the next call.
type Store interface {
	Fetch(keys [][]byte) ([][]byte, error)
}

// Run is what was executed: enough to generate the same transactions again.
type Run struct {
	Spec workloads.Spec
	Seed uint64
	// Drawn and WarmupDrawn count the transactions of each worker in the two phases.
	Drawn, WarmupDrawn []uint64
	// Measured counts the measured phase, Ever that and the warm-up.
	Measured, Ever Ledger
}

// Invariant is something that must hold after a run of serializable transactions.
type Invariant struct {
	Name   string
	Holds  bool
	Detail string // the figures that were compared
}

// Findings are what reading the data back has shown.
type Findings struct {
	Invariants []Invariant
	// Score is YCSB+T's anomaly score: by how much the sum of the workload is wrong, per
	// transaction. 0 is required of a serializable store. What is summed up is cash, cents,
	// votes, call forwardings, or torn groups.
	Score float64
}

func (f *Findings) check(name string, holds bool, format string, args ...any) {
	f.Invariants = append(f.Invariants, Invariant{name, holds, fmt.Sprintf(format, args...)})
}

// score sets the anomaly score from the difference of what must be equal.
func (f *Findings) score(r *Run, want, got int64) {
	total := r.Ever.Total()
	f.Score = float64(max(want-got, got-want)) / float64(max(1, total.Total()))
}

// Verify reads the data of a finished run back and compares it with what was committed.
// An error means that it could not be read, not that it is wrong.
func Verify(store Store, run Run) (Findings, error) {
	verify := map[string]func(Store, *Run, *Findings) error{
		workloads.FamilyVoter:         verifyVoter,
		workloads.FamilySmallBank:     verifySmallBank,
		workloads.FamilyTATP:          verifyTATP,
		workloads.FamilyClosedEconomy: verifyClosedEconomy,
		workloads.FamilyFour:          verifyFour,
		"":                            verifyRecords, // YCSB F: transactional by its rmw only
		workloads.FamilyRecords:       verifyRecords,
		workloads.FamilyScans:         verifyScans,
	}[run.Spec.Family]
	var found Findings
	if verify == nil {
		return found, fmt.Errorf("%w %q: no family %q", workloads.ErrSpec, run.Spec.Name, run.Spec.Family)
	}
	total := run.Ever.Total()
	want := uint64(0)
	for _, drawn := range slices.Concat(run.Drawn, run.WarmupDrawn) {
		want += drawn
	}
	if total.Total() != want {
		found.check("transactions ended", false, "%d of %d", total.Total(), want)
	}
	err := verify(store, &run, &found)
	return found, err
}

// each generates the transactions of the run again, warm-up first.
func (r *Run) each(visit func(phase workloads.Phase, t workloads.Txn)) error {
	for _, part := range []struct {
		phase workloads.Phase
		drawn []uint64
	}{{workloads.Warmup, r.WarmupDrawn}, {workloads.Measured, r.Drawn}} {
		for worker, count := range part.drawn {
			stream, err := workloads.NewTxnStream(r.Spec, PhaseSeed(r.Seed, part.phase), worker, len(part.drawn),
				part.phase)
			if err != nil {
				return err
			}
			for range count {
				visit(part.phase, stream.Next())
			}
		}
	}
	return nil
}

// PhaseSeed is the seed of a phase's streams: the warm-up has another, so that the measured
// phase is the same with and without it.
func PhaseSeed(seed uint64, phase workloads.Phase) uint64 {
	if phase == workloads.Warmup {
		return ^seed
	}
	return seed
}

// fetchBatch is how many keys are read at once.
const fetchBatch = 512

// fetch reads n keys; visit is told the value of each, nil where there is none.
func fetch(store Store, n int, key func(dst []byte, i int) []byte, visit func(i int, value []byte)) error {
	var arena []byte
	keys := make([][]byte, 0, fetchBatch)
	for first := 0; first < n; first += len(keys) {
		keys, arena = keys[:0], arena[:0]
		for i := first; i < n && len(keys) < fetchBatch; i++ {
			start := len(arena)
			arena = key(arena, i)
			keys = append(keys, arena[start:len(arena):len(arena)])
		}
		values, err := store.Fetch(keys)
		if err != nil {
			return fmt.Errorf("read back %q and %d keys more: %w", keys[0], len(keys)-1, err)
		}
		for i, value := range values {
			visit(first+i, value)
		}
	}
	return nil
}

// Keys visits every key the run's transactions may touch, some more than once.
func (r *Run) Keys(visit func(key []byte)) error {
	var request request
	return r.each(func(_ workloads.Phase, t workloads.Txn) {
		request.begin()
		request.keys(t)
		for _, key := range request.words {
			visit(key)
		}
	})
}
