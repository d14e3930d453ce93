package driver

import (
	"strconv"

	"bpfdb/workloads/trace"
)

// appendTrace adds the command that stands for request number i.
func (e encoder) appendTrace(dst []byte, i uint64) []byte {
	q, key := e.replay.Request(i), e.replay.Key(i)
	switch q.Operation {
	case trace.Get, trace.Gets:
		dst = appendBulk(append(dst, "*2\r\n$3\r\nGET"...), key)
	case trace.Delete:
		dst = appendBulk(append(dst, "*2\r\n$3\r\nDEL"...), key)
	case trace.Incr:
		dst = appendBulk(append(dst, "*2\r\n$4\r\nINCR"...), key)
	case trace.Decr:
		dst = appendBulk(append(dst, "*2\r\n$4\r\nDECR"...), key)
	case trace.Append:
		dst = e.appendTraceValue(appendBulk(append(dst, "*3\r\n$6\r\nAPPEND"...), key), i)
	case trace.Add:
		dst = e.appendTraceValue(appendBulk(append(dst, "*4\r\n$3\r\nSET"...), key), i)
		dst = appendBulk(dst, "NX")
	case trace.Replace, trace.CAS:
		dst = e.appendTraceValue(appendBulk(append(dst, "*4\r\n$3\r\nSET"...), key), i)
		dst = appendBulk(dst, "XX")
	default:
		dst = e.appendTraceValue(appendBulk(append(dst, "*3\r\n$3\r\nSET"...), key), i)
	}
	return append(dst, '\r', '\n')
}

// appendTraceValue adds the value of request number i as appendBulk would.
func (e encoder) appendTraceValue(dst []byte, i uint64) []byte {
	dst = append(dst, "\r\n$"...)
	dst = strconv.AppendInt(dst, int64(e.replay.ValueBytes(i)), 10)
	return e.replay.AppendValue(append(dst, '\r', '\n'), i)
}

// acceptTrace judges the reply to a request of a trace, which says what it must be.
func (t *thread) acceptTrace(cmd command, r reply) bool {
	q := t.enc.replay.Request(cmd.op.Key)
	null := r.kind == '_'
	switch {
	case q.Operation == trace.Get || q.Operation == trace.Gets:
		if null && q.Present {
			t.rec.misses++
		}
		if r.kind == '$' && t.rec.verify {
			if err := t.enc.replay.Verify(cmd.op.Key, r.data); err != nil {
				t.rec.wrong(err.Error())
			}
		}
		if null || r.kind == '$' {
			return true
		}
	case r.kind == '+' && string(r.data) == "OK" && storing[q.Operation],
		null && conditional[q.Operation]:
		if stored := !null; conditional[q.Operation] && stored != q.Stores() && t.rec.verify {
			t.rec.wrong(traceProblem(t.enc.replay, cmd.op.Key, r))
		}
		return true
	case r.kind == ':' && !storing[q.Operation]:
		if want := q.Integer(); t.rec.verify && !isDecimal(r.data, want) {
			t.rec.wrong(traceProblem(t.enc.replay, cmd.op.Key, r))
		}
		return true
	}
	t.rec.refuse(r)
	return false
}

// Operations that answer OK, and those of them that answer null where they store nothing.
var (
	storing     = [trace.OperationCount]bool{trace.Set: true, trace.Add: true, trace.Replace: true, trace.CAS: true}
	conditional = [trace.OperationCount]bool{trace.Add: true, trace.Replace: true, trace.CAS: true}
)

// isDecimal compares a number without allocating.
func isDecimal(text []byte, number int64) bool {
	var space [20]byte
	return string(strconv.AppendInt(space[:0], number, 10)) == string(text)
}

func traceProblem(replay *trace.Replay, i uint64, r reply) string {
	q := replay.Request(i)
	want := strconv.FormatInt(q.Integer(), 10)
	if storing[q.Operation] {
		want = map[bool]string{true: "OK", false: "null"}[q.Stores()]
	}
	return "key " + strconv.Quote(replay.Key(i)) + ", request " + strconv.FormatUint(i, 10) + ": " +
		q.Operation.String() + " answered " + string(r.kind) + string(r.data) + ", want " + want
}
