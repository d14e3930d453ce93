package redolog

import (
	"encoding/binary"
	"fmt"
)

// RecordHeaderBytes is the size of what precedes the entries: lsn u64, bytes u32, entries u32.
const RecordHeaderBytes = 16

// Record is one commit. Entries is a view, valid during the call it was passed to.
type Record struct {
	LSN     uint64
	Count   int // of entries
	Entries Entries
}

// AppendRecord appends a record in the format to b. The caller keeps to the limits.
func AppendRecord(b []byte, lsn uint64, entries ...Entry) []byte {
	start := len(b)
	b = binary.LittleEndian.AppendUint64(b, lsn)
	b = append(b, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(entries)))
	for _, entry := range entries {
		b = AppendEntry(b, entry)
	}
	binary.LittleEndian.PutUint32(b[start+8:], uint32(len(b)-start))
	return b
}

// cutRecord takes the first record off b without looking at its entries, and returns what is wrong with it, ""
// if nothing.
func cutRecord(b []byte) (record Record, rest []byte, what string) {
	if len(b) < RecordHeaderBytes {
		return record, nil, "a record's header is cut off"
	}
	record.LSN = binary.LittleEndian.Uint64(b)
	size := binary.LittleEndian.Uint32(b[8:])
	count := binary.LittleEndian.Uint32(b[12:])
	switch {
	case size < RecordHeaderBytes || size%8 != 0:
		return record, nil, fmt.Sprintf("a record's length of %d bytes is impossible", size)
	case size > MaxRecordBytes:
		return record, nil, fmt.Sprintf("a record has %d bytes, limit %d", size, MaxRecordBytes)
	case int64(size) > int64(len(b)):
		return record, nil, "a record is cut off"
	case count > MaxEntries:
		return record, nil, fmt.Sprintf("a record has %d entries, limit %d", count, MaxEntries)
	}
	record.Count = int(count)
	record.Entries = Entries(b[RecordHeaderBytes:size:size])
	return record, b[size:], ""
}

// checkRecords returns what is wrong with b as count records from first to last, "" if nothing. It looks at every
// byte that has a meaning, so that what passes here can be iterated over without looking again.
func checkRecords(b []byte, first, last uint64, count uint64) (what string) {
	before, n := uint64(0), uint64(0)
	for ; len(b) > 0; n++ {
		var record Record
		if record, b, what = cutRecord(b); what != "" {
			return what
		}
		if what = checkEntries(record.Entries, uint64(record.Count), 0); what != "" {
			return fmt.Sprintf("record %d: %s", record.LSN, what)
		}
		switch {
		case n == count:
			return fmt.Sprintf("there are more than %d records", count)
		case n == 0 && record.LSN != first:
			return fmt.Sprintf("the first record is %d, not %d", record.LSN, first)
		case n > 0 && record.LSN <= before:
			return fmt.Sprintf("record %d follows record %d", record.LSN, before)
		}
		before = record.LSN
	}
	switch {
	case n == 0:
		return "there are no records"
	case n < count:
		return fmt.Sprintf("there are %d records, not %d", n, count)
	case before != last:
		return fmt.Sprintf("the last record is %d, not %d", before, last)
	}
	return ""
}
