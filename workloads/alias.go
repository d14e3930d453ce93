package workloads

import "math/rand/v2"

// aliasSlots is a power of two, so that the top bits of a random number pick a slot. The
// table takes 4 KiB, small enough for each of many streams to have its own.
const (
	aliasSlots = 1 << aliasBits
	aliasBits  = 9
)

// alias draws outcomes with given weights from one random number and one look-up: each
// slot holds an outcome of its own and one alias (Walker 1977; built as by Vose, "A linear
// algorithm for generating random numbers with a given distribution", IEEE TSE 17(9), 1991).
type alias [aliasSlots]struct {
	cut   uint32 // share of the slot, of 2^32, that is its own outcome's
	other uint16 // outcome of the rest
}

func newAlias(weights *[aliasSlots]float64) *alias {
	var sum float64
	for _, w := range weights {
		sum += w
	}
	var table alias
	var scaled [aliasSlots]float64
	var small, large []int
	for i, w := range weights {
		scaled[i] = w / sum * aliasSlots
		table[i].other = uint16(i) // a slot nobody shares is its own outcome's
		if scaled[i] < 1 {
			small = append(small, i)
		} else {
			large = append(large, i)
		}
	}
	for len(small) > 0 && len(large) > 0 {
		poor, rich := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		table[poor].cut, table[poor].other = uint32(scaled[poor]*(1<<32)), uint16(rich)
		scaled[rich] -= 1 - scaled[poor]
		if scaled[rich] < 1 {
			large = large[:len(large)-1]
			small = append(small, rich)
		}
	}
	return &table
}

func (a *alias) next(r *rand.Rand) uint64 {
	random := r.Uint64()
	index := random >> (64 - aliasBits)
	slot := a[index]
	if uint32(random) < slot.cut {
		return index
	}
	return uint64(slot.other)
}
