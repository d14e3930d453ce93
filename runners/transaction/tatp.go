package transaction

import (
	"strconv"

	"bpfdb/workloads"
)

// lookUp reads one row and aborts where there is none.
func lookUp(a *access, key []byte) outcome {
	_, found := a.get(key)
	switch {
	case !a.ready():
		return reading
	case !found:
		return aborted
	}
	return committed
}

// getNewDestination finds where an active facility forwards calls to. Whoever calls at
// `start` needs every forwarding that has begun by then.
func getNewDestination(a *access, subscriber, kind, start, end int64) outcome {
	facility, has := a.get(a.keep(workloads.FacilityKey(a.arena, subscriber, kind)))
	destinations := 0
	for hour := int64(0); hour <= start; hour += 8 {
		row, found := a.get(a.keep(workloads.ForwardKey(a.arena, subscriber, kind, hour)))
		if !found {
			continue
		}
		until, err := strconv.ParseInt(string(row[:min(2, len(row))]), 10, 64)
		if err != nil {
			a.fail(nil, row, "does not begin with an hour")
		}
		if end < until {
			destinations++
		}
	}
	switch {
	case !a.ready():
		return reading
	case !has || len(facility) == 0 || facility[workloads.ActiveOffset] != '1' || destinations == 0:
		return aborted
	}
	return committed
}

// byNumber finds a subscriber by its telephone number, which is its id with zeros before it.
func byNumber(a *access, number int64) (subscriber int64, found bool) {
	return a.number(a.keep(workloads.NumberKey(a.arena, number)))
}

func updateLocation(a *access, number, location int64) outcome {
	subscriber, found := byNumber(a, number)
	if !a.ready() {
		return reading
	}
	if !found {
		return aborted
	}
	key := a.keep(workloads.SubscriberKey(a.arena, subscriber))
	row, found := a.get(key)
	switch {
	case !a.ready():
		return reading
	case !found:
		return aborted
	case len(row) != workloads.MaxTATPValue:
		a.fail(key, row, "is no subscriber's row")
		return broken
	}
	text := a.keep(workloads.AppendDigits(a.arena, location, 10))
	a.set(key, a.overwritten(row, workloads.LocationOffset, text))
	return committed
}

// updateSubscriberData changes a subscriber's row and one of its facilities, both or none.
func updateSubscriberData(a *access, subscriber, bit, kind, dataA int64) outcome {
	key := a.keep(workloads.SubscriberKey(a.arena, subscriber))
	facilityKey := a.keep(workloads.FacilityKey(a.arena, subscriber, kind))
	row, found := a.get(key)
	facility, has := a.get(facilityKey)
	switch {
	case !a.ready():
		return reading
	case !found || !has:
		return aborted
	case len(row) != workloads.MaxTATPValue:
		a.fail(key, row, "is no subscriber's row")
		return broken
	case len(facility) != workloads.FacilityBytes:
		a.fail(facilityKey, facility, "is no facility's row")
		return broken
	}
	a.set(key, a.overwritten(row, workloads.Bit1Offset, []byte{'0' + byte(bit)}))
	text := a.keep(workloads.AppendDigits(a.arena, dataA, 3))
	a.set(facilityKey, a.overwritten(facility, workloads.DataAOffset, text))
	return committed
}

func insertCallForwarding(a *access, number, kind, start, end, target int64) outcome {
	subscriber, found := byNumber(a, number)
	if !a.ready() {
		return reading
	}
	if !found {
		return aborted
	}
	key := a.keep(workloads.ForwardKey(a.arena, subscriber, kind, start))
	_, has := a.get(a.keep(workloads.FacilityKey(a.arena, subscriber, kind)))
	_, taken := a.get(key)
	switch {
	case !a.ready():
		return reading
	case !has || taken:
		return aborted
	}
	a.set(key, a.keep(workloads.AppendForward(a.arena, end, target)))
	return committed
}

func deleteCallForwarding(a *access, number, kind, start int64) outcome {
	subscriber, found := byNumber(a, number)
	if !a.ready() {
		return reading
	}
	if !found {
		return aborted
	}
	key := a.keep(workloads.ForwardKey(a.arena, subscriber, kind, start))
	_, found = a.get(key)
	switch {
	case !a.ready():
		return reading
	case !found:
		return aborted
	}
	a.remove(key)
	return committed
}
