package transaction

import "bpfdb/workloads"

// readRecord reads a record of YCSB, whose value proves whose it is, or the cash of YCSB+T.
func readRecord(a *access, spec workloads.Spec, number int64) outcome {
	key := a.keep(workloads.AppendKey(a.arena, uint64(number)))
	data, found := a.get(key)
	switch {
	case !a.ready():
		return reading
	case !found:
		a.fail(key, data, "was lost")
		return broken
	case spec.ValueBytes == 0:
		return committed
	}
	if err := workloads.VerifyValue(data, uint64(number)); err != nil {
		a.fail(key, data, "is wrong: "+err.Error())
		return broken
	}
	return committed
}

func modifyRecord(a *access, spec workloads.Spec, number, version int64) outcome {
	if got := readRecord(a, spec, number); got != committed {
		return got
	}
	writeRecord(a, spec, number, version)
	return committed
}

// writeFour replaces the values of a group.
func writeFour(a *access, spec workloads.Spec, group, version int64) outcome {
	for i := range int64(workloads.GroupKeys) {
		writeRecord(a, spec, group*workloads.GroupKeys+i, version)
	}
	return committed
}

func writeRecord(a *access, spec workloads.Spec, number, version int64) {
	key := a.keep(workloads.AppendKey(a.arena, uint64(number)))
	a.set(key, a.keep(workloads.AppendValue(a.arena, uint64(number), uint32(version), spec.ValueBytes)))
}

// transfer moves one unit of cash, if there is one.
func transfer(a *access, from, to int64) outcome {
	source := a.account(a.keep(workloads.AppendKey(a.arena, uint64(from))))
	target := a.account(a.keep(workloads.AppendKey(a.arena, uint64(to))))
	switch {
	case !a.ready():
		return reading
	case !source.found || !target.found:
		a.fail(source.key, nil, "or its partner was lost")
		return broken
	case source.cents < 1:
		return aborted
	}
	a.add(source, -1)
	a.add(target, 1)
	return committed
}
