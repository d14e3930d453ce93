package transaction

import "bpfdb/workloads"

// vote records a call, unless its contestant does not exist or its phone has voted enough.
func vote(a *access, id, phone, contestant, limit int64) outcome {
	phoneKey := a.keep(workloads.PhoneKey(a.arena, phone))
	_, exists := a.get(a.keep(workloads.ContestantKey(a.arena, contestant)))
	votes, _ := a.number(phoneKey)
	area, known := a.get(a.keep(workloads.AreaKey(a.arena, phone)))
	if !a.ready() {
		return reading
	}
	if !exists || votes >= limit {
		return aborted
	}
	state := workloads.UnknownState
	if known {
		state = string(area)
	}
	totalKey := a.keep(workloads.TotalKey(a.arena, contestant, state))
	total, _ := a.number(totalKey)
	if !a.ready() {
		return reading
	}
	a.set(a.keep(workloads.VoteKey(a.arena, id)), a.keep(workloads.AppendVote(a.arena, phone, state, contestant)))
	a.setNumber(phoneKey, votes+1)
	a.setNumber(totalKey, total+1)
	return committed
}
