package driver

import (
	"strconv"

	"bpfdb/workloads"
)

// encoder appends requests as RESP arrays of bulk strings.
type encoder struct {
	valueBytes  int
	valueHeader string // what stands between key and value of a SET
}

func newEncoder(valueBytes int) encoder {
	return encoder{valueBytes: valueBytes, valueHeader: "\r\n$" + strconv.Itoa(valueBytes) + "\r\n"}
}

// append adds the command that slot s of the operation stands for.
func (e encoder) append(dst []byte, op workloads.Op, s slot) []byte {
	switch s {
	case slotPing:
		return append(dst, "*1\r\n$4\r\nPING\r\n"...)
	case slotRead, slotRMWRead:
		dst = appendKey(append(dst, "*2\r\n$3\r\nGET\r\n$"...), op.Key)
	default:
		dst = appendKey(append(dst, "*3\r\n$3\r\nSET\r\n$"...), op.Key)
		dst = append(dst, e.valueHeader...)
		dst = workloads.AppendValue(dst, op.Key, op.Version, e.valueBytes)
	}
	return append(dst, '\r', '\n')
}

// appendKey adds the length of a key's name and the name, without the last line end.
func appendKey(dst []byte, key uint64) []byte {
	var space [workloads.MaxKeyBytes]byte
	name := workloads.AppendKey(space[:0], key)
	dst = strconv.AppendUint(dst, uint64(len(name)), 10)
	dst = append(dst, '\r', '\n')
	return append(dst, name...)
}
