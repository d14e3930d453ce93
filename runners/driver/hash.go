package driver

import (
	"fmt"
	"strconv"

	"bpfdb/workloads"
)

// fieldNames are the fields of a record that is a hash, as YCSB calls them.
var fieldNames = func() (names [workloads.HashFields]string) {
	for i := range names {
		names[i] = "field" + strconv.Itoa(i)
	}
	return names
}()

// appendHash adds the command that slot s of the operation stands for where records are
// hashes: HMGET of all fields, HSET of one, or of all to insert.
func (e encoder) appendHash(dst []byte, op workloads.Op, s slot) []byte {
	switch s {
	case slotRead, slotRMWRead:
		dst = e.appendKey(append(dst, "*12\r\n$5\r\nHMGET\r\n$"...), op.Key)
		for _, name := range fieldNames {
			dst = appendBulk(dst, name)
		}
	case slotInsert:
		dst = e.appendKey(append(dst, "*22\r\n$4\r\nHSET\r\n$"...), op.Key)
		for field := range fieldNames {
			dst = e.appendField(dst, op, field)
		}
	default:
		dst = e.appendKey(append(dst, "*4\r\n$4\r\nHSET\r\n$"...), op.Key)
		dst = e.appendField(dst, op, workloads.FieldOf(op.Version))
	}
	return append(dst, '\r', '\n')
}

// appendBulk adds the line end that is missing before it, and none after it.
func appendBulk(dst []byte, text string) []byte {
	dst = append(dst, "\r\n$"...)
	dst = strconv.AppendInt(dst, int64(len(text)), 10)
	return append(append(dst, '\r', '\n'), text...)
}

func (e encoder) appendField(dst []byte, op workloads.Op, field int) []byte {
	key := workloads.FieldKey(op.Key, field)
	dst = append(appendBulk(dst, fieldNames[field]), "\r\n$"...)
	dst = strconv.AppendInt(dst, int64(e.layout.Size(key, op.Version)), 10)
	return e.layout.AppendValue(append(dst, '\r', '\n'), key, op.Version)
}

// acceptHash judges a reply where records are hashes; its elements are in t.parsed. A record
// without any field is a miss, one without some is wrong.
func (t *thread) acceptHash(cmd command, r reply) bool {
	if cmd.slot != slotRead && cmd.slot != slotRMWRead {
		if r.kind == ':' {
			return true
		}
		t.rec.refuse(r)
		return false
	}
	if r.kind != '*' || len(t.parsed) != 1+workloads.HashFields {
		t.rec.refuse(r)
		return false
	}
	absent := 0
	for i, e := range t.parsed[1:] {
		if e.Kind == '_' {
			absent++
			continue
		}
		t.rec.value(e.Data, workloads.FieldKey(cmd.op.Key, i))
	}
	switch absent {
	case 0:
	case workloads.HashFields:
		t.rec.misses++
	default:
		t.rec.wrong(fmt.Sprintf("key number %d lacks %d of %d fields", cmd.op.Key, absent, workloads.HashFields))
	}
	return true
}
