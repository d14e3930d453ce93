package isolation

import (
	"math/rand/v2"
	"time"

	"bpfdb/internal/history"
)

// Lists in use: as in bpf/testdata/lists.bpf.c, whose programs work on the same.
const (
	listSlots = 4  // lists in use at a time: few, to conflict often
	listLong  = 24 // elements after which a slot gets a new list
	listRoom  = 64
)

// ending is how a transaction is to end.
type ending int

const (
	endCommit ending = iota
	endAbort
	endVanish    // the client is gone before COMMIT
	endUncertain // the client is gone with COMMIT under way
)

// plan is a transaction to run. Its appends may be preceded by reads of the same list where a client has no other
// way to append.
type plan struct {
	accesses []history.Access
	readOnly bool
	single   bool // one access, and no transaction around it
	batch    bool // sent as one, without waiting for replies in between
	ending   ending
	pause    time.Duration // before the end
}

// planner makes plans for one client.
type planner struct {
	rng        *rand.Rand
	firstKey   uint64
	nextValue  uint64
	generation [listSlots]uint64 // of the list in each slot
	pause      time.Duration     // of some transactions
}

func (p *planner) key() uint64 {
	slot := p.rng.Uint64N(listSlots)
	return p.firstKey + p.generation[slot]*listSlots + slot
}

func (p *planner) next() plan {
	kind := p.rng.IntN(16)
	made := plan{readOnly: kind < 3, single: kind == 3, batch: p.rng.IntN(3) == 0}
	n := 1 + p.rng.IntN(4)
	if made.single {
		n = 1
	}
	for range n {
		a := history.Access{Key: p.key()}
		if !made.readOnly && p.rng.IntN(2) == 0 {
			p.nextValue++
			a.Append, a.Value = true, p.nextValue
		}
		made.accesses = append(made.accesses, a)
	}
	if p.rng.IntN(16) == 0 {
		made.pause = p.pause
	}
	switch p.rng.IntN(64) {
	case 0, 1, 2:
		made.ending = endAbort
	case 3:
		made.ending = endVanish
	case 4:
		made.ending = endUncertain
	}
	return made
}

// learn gives up lists that have grown long.
func (p *planner) learn(accesses []history.Access) {
	for _, a := range accesses {
		slot := (a.Key - p.firstKey) % listSlots
		if len(a.List) >= listLong && (a.Key-p.firstKey)/listSlots == p.generation[slot] {
			p.generation[slot]++
		}
	}
}
