package transaction

import (
	"slices"
	"strconv"

	"bpfdb/workloads"
)

// verifyVoter looks for every vote that was cast and compares those found with the counts.
func verifyVoter(store Store, r *Run, found *Findings) error {
	var cast []workloads.Txn
	if err := r.each(func(_ workloads.Phase, t workloads.Txn) { cast = append(cast, t) }); err != nil {
		return err
	}
	type slot struct {
		contestant int64
		state      string
	}
	totals, phones := map[slot]int64{}, map[int64]int64{}
	var stored, other int64
	key := func(dst []byte, i int) []byte { return workloads.VoteKey(dst, cast[i].Args[0]) }
	err := fetch(store, len(cast), key, func(i int, value []byte) {
		phone, contestant := cast[i].Args[1], cast[i].Args[2]
		phones[phone] += 0 // to be looked at whether or not the vote counts
		if value == nil {
			return
		}
		state := workloads.StateOf(phone)
		if string(value) != string(workloads.AppendVote(nil, phone, state, contestant)) {
			other++
			return
		}
		stored++
		phones[phone]++
		totals[slot{contestant, state}]++
	})
	if err != nil {
		return err
	}
	committed := int64(r.Ever.Counts[workloads.Vote].Commits)
	found.check("votes", stored == committed && other == 0, "%d stored as cast and %d otherwise, %d committed",
		stored, other, committed)

	var slots []slot
	for contestant := range int64(workloads.Contestants) {
		seen := map[string]bool{workloads.UnknownState: true}
		for _, area := range workloads.Areas() {
			seen[area.State] = true
		}
		for state := range seen {
			slots = append(slots, slot{contestant + 1, state})
		}
	}
	var sum, wrong int64
	key = func(dst []byte, i int) []byte { return workloads.TotalKey(dst, slots[i].contestant, slots[i].state) }
	err = fetch(store, len(slots), key, func(i int, value []byte) {
		n, valid := count(value)
		sum += n
		if !valid || n != totals[slots[i]] {
			wrong++
		}
	})
	if err != nil {
		return err
	}
	found.score(r, committed, sum)
	found.check("totals", sum == committed && wrong == 0, "%d by contestant and state, %d of %d not the votes stored",
		sum, wrong, len(slots))
	return verifyPhones(store, r, phones, committed, found)
}

func verifyPhones(store Store, r *Run, phones map[int64]int64, committed int64, found *Findings) error {
	numbers := make([]int64, 0, len(phones))
	for phone := range phones {
		numbers = append(numbers, phone)
	}
	slices.Sort(numbers)
	var sum, wrong, above, most int64
	key := func(dst []byte, i int) []byte { return workloads.PhoneKey(dst, numbers[i]) }
	err := fetch(store, len(numbers), key, func(i int, value []byte) {
		n, valid := count(value)
		sum += n
		most = max(most, n, phones[numbers[i]])
		if !valid || n != phones[numbers[i]] {
			wrong++
		}
		if max(n, phones[numbers[i]]) > int64(r.Spec.MaxVotesPerPhone) {
			above++
		}
	})
	found.check("phones", sum == committed && wrong == 0, "%d votes by phone, %d of %d phones not the votes stored",
		sum, wrong, len(numbers))
	found.check("limit", above == 0, "%d phones above %d votes, the most is %d", above, r.Spec.MaxVotesPerPhone, most)
	return err
}

// count reads a counter that may not have been begun.
func count(value []byte) (n int64, valid bool) {
	if value == nil {
		return 0, true
	}
	n, err := strconv.ParseInt(string(value), 10, 64)
	return n, err == nil
}
