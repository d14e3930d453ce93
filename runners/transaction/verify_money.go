package transaction

import (
	"math"
	"strconv"

	"bpfdb/workloads"
)

// sums adds up integers under consecutive keys and notes the odd ones.
type sums struct {
	sum            int64
	broken, below0 int
	least          int64
}

func (s *sums) add(value []byte) {
	n, err := strconv.ParseInt(string(value), 10, 64)
	switch {
	case err != nil:
		s.broken++
	case n < 0:
		s.below0++
	}
	s.sum += n
	s.least = min(s.least, n)
}

// verifySmallBank compares the money in the bank with what it opened with and what
// committed transactions paid in and out.
func verifySmallBank(store Store, r *Run, found *Findings) error {
	data, err := workloads.NewDataset(r.Spec)
	if err != nil {
		return err
	}
	var savings, checking, opening sums
	var scratch []byte
	for i := range data.Places() {
		_, scratch = data.AppendRow(i, nil, scratch[:0])
		opening.add(scratch)
	}
	accounts := int(r.Spec.Records)
	for _, part := range []struct {
		key func(dst []byte, account int64) []byte
		sum *sums
	}{{workloads.SavingsKey, &savings}, {workloads.CheckingKey, &checking}} {
		key := func(dst []byte, i int) []byte { return part.key(dst, int64(i)) }
		if err := fetch(store, accounts, key, func(_ int, value []byte) { part.sum.add(value) }); err != nil {
			return err
		}
	}
	want, got := opening.sum+r.Ever.Money, savings.sum+checking.sum
	found.score(r, want, got)
	found.check("money", got == want, "%d cents, opened with %d and were paid %d more", got, opening.sum, r.Ever.Money)
	found.check("balances", savings.broken+checking.broken == 0,
		"%d of %d are missing or no numbers", savings.broken+checking.broken, 2*accounts)
	found.check("savings covered", savings.below0 == 0, "%d of %d below zero, the least is %d",
		savings.below0, accounts, savings.least)
	return nil
}

// verifyClosedEconomy adds up the cash.
func verifyClosedEconomy(store Store, r *Run, found *Findings) error {
	var cash sums
	key := func(dst []byte, i int) []byte { return workloads.AppendKey(dst, uint64(i)) }
	if err := fetch(store, int(r.Spec.Records), key, func(_ int, value []byte) { cash.add(value) }); err != nil {
		return err
	}
	found.score(r, r.Spec.TotalCash, cash.sum)
	found.check("cash", cash.sum == r.Spec.TotalCash, "%d, opened with %d", cash.sum, r.Spec.TotalCash)
	found.check("balances", cash.broken == 0 && cash.below0 == 0,
		"%d of %d are missing or no numbers, %d below zero", cash.broken, r.Spec.Records, cash.below0)
	return nil
}

// verifyRecords checks that every record holds a value written to it as a whole.
func verifyRecords(store Store, r *Run, found *Findings) error {
	wrong, first := 0, ""
	key := func(dst []byte, i int) []byte { return workloads.AppendKey(dst, uint64(i)) }
	err := fetch(store, int(r.Spec.Records), key, func(i int, value []byte) {
		if err := workloads.VerifyValue(value, uint64(i)); err != nil {
			if wrong++; wrong == 1 {
				first = ", the first: " + err.Error()
			}
		}
	})
	found.check("values", wrong == 0, "%d of %d are wrong%s", wrong, r.Spec.Records, first)
	found.score(r, 0, int64(wrong))
	return err
}

// verifyFour checks besides that the values of a group were written by one transaction.
func verifyFour(store Store, r *Run, found *Findings) error {
	if err := verifyRecords(store, r, found); err != nil {
		return err
	}
	torn, version := 0, uint64(math.MaxUint64)
	whole := true
	key := func(dst []byte, i int) []byte { return workloads.AppendKey(dst, uint64(i)) }
	err := fetch(store, int(r.Spec.Records), key, func(i int, value []byte) {
		got := uint64(workloads.VersionOf(value))
		if i%workloads.GroupKeys == 0 {
			version, whole = got, true
		}
		if got != version && whole {
			torn++
			whole = false
		}
	})
	groups := r.Spec.Records / workloads.GroupKeys
	found.check("groups", torn == 0, "%d of %d hold values of different transactions", torn, groups)
	found.score(r, 0, int64(torn))
	return err
}

// verifyScans checks besides that every record inserted is there.
func verifyScans(store Store, r *Run, found *Findings) error {
	if err := verifyRecords(store, r, found); err != nil {
		return err
	}
	var inserted []uint64
	err := r.each(func(_ workloads.Phase, t workloads.Txn) {
		if t.Kind == workloads.InsertRecord {
			inserted = append(inserted, uint64(t.Args[0]))
		}
	})
	if err != nil {
		return err
	}
	wrong := 0
	key := func(dst []byte, i int) []byte { return workloads.AppendKey(dst, inserted[i]) }
	err = fetch(store, len(inserted), key, func(i int, value []byte) {
		wrong += int(one(workloads.VerifyValue(value, inserted[i]) != nil))
	})
	found.check("inserts", wrong == 0, "%d of %d are missing or wrong", wrong, len(inserted))
	return err
}
