package driver

import (
	"strconv"

	"bpfdb/workloads"
	"bpfdb/workloads/trace"
)

// encoder appends requests as RESP arrays of bulk strings.
type encoder struct {
	layout workloads.Layout
	hash   bool          // records are hashes, and layout is that of their fields
	replay *trace.Replay // in place of a layout, where the requests are a trace's
}

func newEncoder(cfg Config) encoder {
	return encoder{layoutOf(cfg.Workload), cfg.Workload.Mapping == workloads.MappingHash, cfg.Trace}
}

// layoutOf is the layout of the values that travel.
func layoutOf(workload workloads.Spec) workloads.Layout {
	if workload.Mapping == workloads.MappingHash {
		return workloads.NewFieldLayout(workload)
	}
	return workloads.NewLayout(workload)
}

// append adds the command that slot s of the operation stands for.
func (e encoder) append(dst []byte, op workloads.Op, s slot) []byte {
	if e.replay != nil {
		return e.appendTrace(dst, op.Key)
	}
	if e.hash && s != slotPing {
		return e.appendHash(dst, op, s)
	}
	switch s {
	case slotPing:
		return append(dst, "*1\r\n$4\r\nPING\r\n"...)
	case slotRead, slotRMWRead:
		dst = e.appendKey(append(dst, "*2\r\n$3\r\nGET\r\n$"...), op.Key)
	default:
		dst = e.appendKey(append(dst, "*3\r\n$3\r\nSET\r\n$"...), op.Key)
		dst = append(dst, "\r\n$"...)
		dst = strconv.AppendInt(dst, int64(e.layout.Size(op.Key, op.Version)), 10)
		dst = append(dst, '\r', '\n')
		dst = e.layout.AppendValue(dst, op.Key, op.Version)
	}
	return append(dst, '\r', '\n')
}

// appendKey adds the length of a key's name and the name, without the last line end.
func (e encoder) appendKey(dst []byte, key uint64) []byte {
	var space [workloads.MaxKeyBytes]byte
	name := e.layout.AppendKey(space[:0], key)
	dst = strconv.AppendUint(dst, uint64(len(name)), 10)
	dst = append(dst, '\r', '\n')
	return append(dst, name...)
}
