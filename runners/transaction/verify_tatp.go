package transaction

import (
	"slices"

	"bpfdb/workloads"
)

// forwardSlot is where a subscriber may have a call forwarding.
type forwardSlot struct{ subscriber, kind, start int64 }

// bounds are how many of the measured transactions of a type must have committed at least,
// and may have at most.
type bounds struct{ total, least, most uint64 }

// verifyTATP compares how often transactions succeeded with what the data they were run on
// leads to. All rows but call forwardings are there or not from the start, so the outcome of
// most transactions is known; only those that look at a forwarding that the run inserts or
// deletes depend on the order.
func verifyTATP(store Store, r *Run, found *Findings) error {
	changed := map[forwardSlot]int{}
	err := r.each(func(_ workloads.Phase, t workloads.Txn) {
		if t.Kind == workloads.InsertCallForwarding || t.Kind == workloads.DeleteCallForwarding {
			changed[forwardSlot{t.Args[0], t.Args[1], t.Args[2]}]++
		}
	})
	if err != nil {
		return err
	}
	expected := map[workloads.TxnKind]*bounds{}
	err = r.each(func(phase workloads.Phase, t workloads.Txn) {
		if phase != workloads.Measured {
			return
		}
		b := expected[t.Kind]
		if b == nil {
			b = &bounds{}
			expected[t.Kind] = b
		}
		can, must := possible(t, changed)
		b.total++
		b.most += one(can)
		b.least += one(must)
	})
	if err != nil {
		return err
	}
	for kind := range workloads.TxnKindCount {
		if b := expected[kind]; b != nil {
			got := r.Measured.Counts[kind].Commits
			found.check("rate of "+kind.String(), b.least <= got && got <= b.most,
				"%d of %d succeeded, the data allows %d to %d", got, b.total, b.least, b.most)
		}
	}
	return verifyForwardings(store, r, changed, found)
}

// possible tells whether a transaction can succeed, and whether it must.
func possible(t workloads.Txn, changed map[forwardSlot]int) (can, must bool) {
	x := t.Args
	profile := workloads.ProfileOf(x[0])
	switch t.Kind {
	case workloads.GetAccessData:
		can = profile.HasAccess(x[1])
		return can, can
	case workloads.UpdateSubscriberData:
		can = profile.HasFacility(x[2])
		return can, can
	case workloads.GetNewDestination:
		must = profile.Destinations(x[1], x[2], x[3]) > 0
		for hour := int64(0); hour <= x[2]; hour += 8 {
			if changed[forwardSlot{x[0], x[1], hour}] > 0 {
				return profile.Active(x[1]), false
			}
		}
		return must, must
	case workloads.InsertCallForwarding:
		if !profile.HasFacility(x[1]) {
			return false, false
		}
		must = !profile.Forwards(x[1], x[2])
	case workloads.DeleteCallForwarding:
		must = profile.Forwards(x[1], x[2])
	default:
		return true, true
	}
	if changed[forwardSlot{x[0], x[1], x[2]}] > 1 { // by others too
		return true, false
	}
	return must, must
}

// verifyForwardings counts the call forwardings and compares with those loaded, inserted
// and deleted. Those no transaction was to change must be as loaded.
func verifyForwardings(store Store, r *Run, changed map[forwardSlot]int, found *Findings) error {
	var loaded, there int64
	slots := make([]forwardSlot, 0, len(changed))
	for slot := range changed {
		slots = append(slots, slot)
		loaded += int64(one(workloads.ProfileOf(slot.subscriber).Forwards(slot.kind, slot.start)))
	}
	slices.SortFunc(slots, func(a, b forwardSlot) int { return int(a.subscriber - b.subscriber) })
	key := func(dst []byte, i int) []byte {
		return workloads.ForwardKey(dst, slots[i].subscriber, slots[i].kind, slots[i].start)
	}
	err := fetch(store, len(slots), key, func(_ int, value []byte) { there += int64(one(value != nil)) })
	if err != nil {
		return err
	}
	inserted := int64(r.Ever.Counts[workloads.InsertCallForwarding].Commits)
	deleted := int64(r.Ever.Counts[workloads.DeleteCallForwarding].Commits)
	found.score(r, loaded+inserted-deleted, there)
	found.check("call forwardings", there == loaded+inserted-deleted,
		"%d where the run changed them, %d loaded, %d inserted, %d deleted", there, loaded, inserted, deleted)
	return verifyRows(store, r, changed, found)
}

// verifyRows checks that every row loaded is there with its width.
func verifyRows(store Store, r *Run, changed map[forwardSlot]int, found *Findings) error {
	data, err := workloads.NewDataset(r.Spec)
	if err != nil {
		return err
	}
	var widths []int
	var wrong, rows int
	key := func(dst []byte, i int) []byte {
		key, value := data.AppendRow(uint64(i), dst, nil)
		widths = append(widths, len(value))
		if key == nil { // an empty place: any key that is not there
			return append(dst, "t:none"...)
		}
		return key
	}
	moved := map[string]bool{}
	for slot := range changed {
		moved[string(workloads.ForwardKey(nil, slot.subscriber, slot.kind, slot.start))] = true
	}
	err = fetch(store, int(data.Places()), key, func(i int, value []byte) {
		rows += int(one(widths[i] > 0))
		if len(value) != widths[i] {
			name, _ := data.AppendRow(uint64(i), nil, nil)
			wrong += int(one(!moved[string(name)]))
		}
	})
	found.check("rows", wrong == 0, "%d of %d are missing or of another length", wrong, rows)
	return err
}

func one(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
