package redolog

import (
	"encoding/binary"
	"fmt"
	"iter"
)

// Op is what an entry does.
type Op uint8

// The operations. OpFlush removes every key and has neither key nor value, OpDelete has no value.
const (
	OpSet    Op = 1
	OpDelete Op = 2
	OpFlush  Op = 3
)

// EntryHeaderBytes is the size of what precedes key and value: value_len u32, key_len u16, op u8, zero u8.
const EntryHeaderBytes = 8

// Entry is one change. Key and Value are views: they are valid as long as what they were read from.
type Entry struct {
	Op         Op
	Key, Value []byte
}

// Entries is a sequence of entries in the format.
type Entries []byte

// All iterates over the entries, and ends early at one that is not in the format; those that come from
// this package all are.
func (e Entries) All() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for rest := []byte(e); len(rest) > 0; {
			entry, after, what := cutEntry(rest)
			if what != "" || !yield(entry) {
				return
			}
			rest = after
		}
	}
}

// AppendEntry appends an entry in the format to b. The caller keeps to the limits.
func AppendEntry(b []byte, entry Entry) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(entry.Value)))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(entry.Key)))
	b = append(b, byte(entry.Op), 0)
	b = appendPadded(b, entry.Key)
	return appendPadded(b, entry.Value)
}

func appendPadded(b, text []byte) []byte {
	var zeros [7]byte
	b = append(b, text...)
	return append(b, zeros[:padded(len(text))-len(text)]...)
}

// padded rounds up to the alignment of everything.
func padded(n int) int { return (n + 7) &^ 7 }

// cutEntry takes the first entry off b and returns what is wrong with it, "" if nothing.
func cutEntry(b []byte) (entry Entry, rest []byte, what string) {
	if len(b) < EntryHeaderBytes {
		return entry, nil, "an entry's header is cut off"
	}
	header := binary.LittleEndian.Uint64(b)
	valueLen, keyLen := int(uint32(header)), int(uint16(header>>32))
	entry.Op = Op(header >> 48)
	if what := checkLengths(header); what != "" {
		return entry, nil, what
	}
	valueAt := EntryHeaderBytes + padded(keyLen)
	end := valueAt + padded(valueLen)
	if end > len(b) {
		return entry, nil, "an entry is cut off"
	}
	entry.Key = b[EntryHeaderBytes : EntryHeaderBytes+keyLen : EntryHeaderBytes+keyLen]
	entry.Value = b[valueAt : valueAt+valueLen : valueAt+valueLen]
	if !zeroPadded(b[EntryHeaderBytes:valueAt], keyLen) || !zeroPadded(b[valueAt:end], valueLen) {
		return entry, nil, "an entry's padding is not zero"
	}
	return entry, b[end:], ""
}

func checkLengths(header uint64) (what string) {
	valueLen, keyLen := uint32(header), uint16(header>>32)
	switch Op(header >> 48) {
	case OpSet:
	case OpDelete:
		if valueLen != 0 {
			return "an entry that deletes has a value"
		}
	case OpFlush:
		if valueLen != 0 || keyLen != 0 {
			return "an entry that flushes has a key or a value"
		}
	default:
		return "an entry's operation is unknown"
	}
	switch {
	case header>>56 != 0:
		return "an entry's reserved byte is not zero"
	case keyLen > MaxKeyBytes:
		return fmt.Sprintf("an entry's key exceeds %d bytes", MaxKeyBytes)
	case valueLen > MaxValueBytes:
		return fmt.Sprintf("an entry's value exceeds %d bytes", MaxValueBytes)
	}
	return ""
}

// zeroPadded reports whether what follows the first n bytes of the padded b is zero.
func zeroPadded(b []byte, n int) bool {
	return n == len(b) || binary.LittleEndian.Uint64(b[len(b)-8:])>>(uint(n&7)*8) == 0
}

// checkEntries returns what is wrong with b as count entries, "" if nothing. Only is the one operation they may
// have, 0 if any.
func checkEntries(b []byte, count uint64, only Op) (what string) {
	for ; len(b) > 0; count-- {
		if count == 0 {
			return "it has more entries than it says"
		}
		var entry Entry
		if entry, b, what = cutEntry(b); what != "" {
			return what
		}
		if only != 0 && entry.Op != only {
			return "an entry has an operation that does not belong here"
		}
	}
	if count != 0 {
		return "it has fewer entries than it says"
	}
	return ""
}
