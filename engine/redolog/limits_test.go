package redolog_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"bpfdb/engine/redolog"
)

// sized makes a SET of a key and a value of these sizes.
func sized(keyBytes, valueBytes int) redolog.Entry {
	return redolog.Entry{
		Op: redolog.OpSet, Key: bytes.Repeat([]byte{'k'}, keyBytes), Value: bytes.Repeat([]byte{'v'}, valueBytes),
	}
}

// record of so many bytes, which must be a multiple of 8 and fit entries of the largest values.
func recordOf(lsn uint64, sizeBytes int) []byte {
	var entries []redolog.Entry
	rest := sizeBytes - redolog.RecordHeaderBytes
	for rest > 0 {
		n := min(rest-redolog.EntryHeaderBytes, redolog.MaxValueBytes)
		if left := rest - redolog.EntryHeaderBytes - n; left > 0 && left < redolog.EntryHeaderBytes {
			n -= redolog.EntryHeaderBytes
		}
		entries = append(entries, sized(0, n))
		rest -= redolog.EntryHeaderBytes + n
	}
	return redolog.AppendRecord(nil, lsn, entries...)
}

// TestLimitsOfRecords appends what is at each limit and what is beyond it.
func TestLimitsOfRecords(t *testing.T) {
	log, _ := open(t, redolog.Options{Dir: t.TempDir()})
	lsn := uint64(0)
	many := func(n int) (entries []redolog.Entry) {
		for range n {
			entries = append(entries, sized(1, 0))
		}
		return entries
	}
	for _, test := range []struct {
		name    string
		records func(lsn uint64) []byte
		refusal string // "" if there is none
	}{
		{"no entry", of(), ""},
		{"empty key", of(sized(0, 0)), ""},
		{"longest key", of(sized(redolog.MaxKeyBytes, 1)), ""},
		{"key", of(sized(redolog.MaxKeyBytes+1, 1)), "key exceeds 512"},
		{"longest value", of(sized(1, redolog.MaxValueBytes)), ""},
		{"value", of(sized(1, redolog.MaxValueBytes+1)), "value exceeds 65536"},
		{"most entries", of(many(redolog.MaxEntries)...), ""},
		{"entries", of(many(redolog.MaxEntries + 1)...), "1025 entries, limit 1024"},
		{"largest record", func(lsn uint64) []byte { return recordOf(lsn, redolog.MaxRecordBytes) }, ""},
		{"record", func(lsn uint64) []byte { return recordOf(lsn, redolog.MaxRecordBytes+8) }, "limit 16777216"},
		{"nothing", func(uint64) []byte { return nil }, "there are no records"},
		{"cut off", func(lsn uint64) []byte { return commit(lsn, sized(9, 9))[:32] }, "a record is cut off"},
		{"not padded", edited(26, 1, sized(1, 0)), "padding is not zero"},
		{"operation", edited(22, 4, sized(1, 0)), "operation is unknown"},
		{"reserved", edited(23, 1, sized(1, 0)), "reserved byte"},
		{"DELETE with a value", edited(22, 2, sized(1, 1)), "has a value"},
		{"FLUSH with a key", edited(22, 3, sized(1, 0)), "has a key"},
	} {
		lsn++
		err := log.Append(test.records(lsn), lsn, lsn, 1)
		if test.refusal == "" && err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if test.refusal != "" && (!errors.Is(err, redolog.ErrRecords) || !strings.Contains(err.Error(), test.refusal)) {
			t.Errorf("%s: got %v, want a refusal that says %q", test.name, err, test.refusal)
		}
	}
}

// of makes a record of entries.
func of(entries ...redolog.Entry) func(lsn uint64) []byte {
	return func(lsn uint64) []byte { return commit(lsn, entries...) }
}

// edited makes a record of an entry and changes one byte of it.
func edited(at int, value byte, entry redolog.Entry) func(lsn uint64) []byte {
	return func(lsn uint64) []byte {
		b := commit(lsn, entry)
		b[at] = value
		return b
	}
}

func TestLimitOfFrame(t *testing.T) {
	options := redolog.Options{Dir: t.TempDir(), SegmentBytes: redolog.MinSegmentBytes}
	log, _ := open(t, options)
	var records []byte
	for lsn := range uint64(redolog.MaxFrameBytes / redolog.MaxRecordBytes) {
		records = append(records, recordOf(lsn+1, redolog.MaxRecordBytes)...)
	}
	if err := log.Append(records, 1, 4, 4); err != nil {
		t.Errorf("%d bytes: %v", len(records), err)
	}
	records = append(commit(5), records...)
	if err := log.Append(records, 5, 4, 5); !errors.Is(err, redolog.ErrRecords) ||
		!strings.Contains(err.Error(), "limit 67108864") {
		t.Errorf("%d bytes: %v", len(records), err)
	}
	mustAppend(t, log, 5, set("k", "v")) // in a segment of the usual size again
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if _, recovery := open(t, options); recovery.LastLSN != 5 {
		t.Errorf("recovered up to %d, want 5", recovery.LastLSN)
	}
}

func TestOrderOfRecords(t *testing.T) {
	log, _ := open(t, redolog.Options{Dir: t.TempDir()})
	mustAppend(t, log, 5, set("k", "v"))
	both := append(commit(7), commit(9)...)
	for _, test := range []struct {
		records     []byte
		first, last uint64
		count       int
		want        string
	}{
		{commit(5), 5, 5, 1, "lsn 5 is not after 5"},
		{commit(0), 0, 0, 1, "lsn 0 is not after 5"},
		{append(commit(7), commit(7)...), 7, 7, 2, "record 7 follows record 7"},
		{both, 6, 9, 2, "the first record is 7, not 6"},
		{both, 7, 8, 2, "the last record is 9, not 8"},
		{both, 7, 9, 1, "there are more than 1 records"},
		{both, 7, 9, 3, "there are 2 records, not 3"},
		{both, 7, 9, -1, "there are 2 records, not"},
	} {
		err := log.Append(test.records, test.first, test.last, test.count)
		if !errors.Is(err, redolog.ErrRecords) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want %q", err, test.want)
		}
	}
	if err := log.Append(both, 7, 9, 2); err != nil {
		t.Error(err)
	}
}

func TestLimitsOfOptions(t *testing.T) {
	for _, test := range []struct {
		segmentBytes int64
		ok           bool
	}{
		{redolog.MinSegmentBytes - 1, false}, {redolog.MinSegmentBytes, true},
		{redolog.MaxSegmentBytes, true}, {redolog.MaxSegmentBytes + 1, false}, {-1, false}, {0, true},
	} {
		log, _, err := redolog.Open(redolog.Options{Dir: t.TempDir(), SegmentBytes: test.segmentBytes})
		if (err == nil) != test.ok || err != nil && !errors.Is(err, redolog.ErrOptions) {
			t.Errorf("segment of %d bytes: %v", test.segmentBytes, err)
		}
		if err == nil {
			log.Close()
		}
	}
	if _, _, err := redolog.Open(redolog.Options{}); !errors.Is(err, redolog.ErrOptions) {
		t.Errorf("no directory: %v", err)
	}
}

func TestLimitsOfCheckpoints(t *testing.T) {
	options := redolog.Options{Dir: t.TempDir()}
	log, _ := open(t, options)
	mustAppend(t, log, 1, set("k", "v"))
	w, err := log.CreateCheckpoint(1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := log.CreateCheckpoint(1); !errors.Is(err, redolog.ErrCheckpoint) {
		t.Errorf("two at once: %v", err)
	}
	keys := 0
	block := func(sizeBytes int) (b []byte, n int) {
		for len(b) < sizeBytes {
			entry := sized(8, redolog.MaxValueBytes-redolog.EntryHeaderBytes-8)
			copy(entry.Key, fmt.Sprintf("%08d", keys+n))
			b = redolog.AppendEntry(b, entry)
			n++
		}
		return b, n
	}
	whole, n := block(redolog.MaxBlockBytes)
	if len(whole) != redolog.MaxBlockBytes {
		t.Fatalf("a block of %d bytes", len(whole))
	}
	if err := w.Append(redolog.AppendEntry(whole, sized(0, 0)), n+1); !errors.Is(err, redolog.ErrRecords) {
		t.Errorf("%d bytes: %v", len(whole)+8, err)
	}
	half, m := block(redolog.MaxBlockBytes / 32) // what is in the block already adds to the limit
	for _, b := range []struct {
		entries []byte
		count   int
	}{{half, m}, {whole, n}} {
		if err := w.Append(b.entries, b.count); err != nil {
			t.Errorf("%d bytes: %v", len(b.entries), err)
		}
		keys += b.count
	}
	for _, wrong := range []redolog.Entry{{Op: redolog.OpDelete, Key: []byte("k")}, {Op: redolog.OpFlush}} {
		if err := w.Append(redolog.AppendEntry(nil, wrong), 1); !errors.Is(err, redolog.ErrRecords) {
			t.Errorf("operation %d: %v", wrong.Op, err)
		}
	}
	if err := w.Append(redolog.AppendEntry(nil, sized(1, 1)), 2); !errors.Is(err, redolog.ErrRecords) {
		t.Errorf("wrong count: %v", err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := w.Append(half, m); !errors.Is(err, redolog.ErrClosed) {
		t.Errorf("append after commit: %v", err)
	}
	if _, err := log.CreateCheckpoint(0); !errors.Is(err, redolog.ErrCheckpoint) {
		t.Errorf("older than the newest: %v", err)
	}
	log.Close()
	log, recovery := open(t, options)
	if recovery.Checkpoint == nil || recovery.Checkpoint.Keys != uint64(keys) {
		t.Errorf("recovered %+v, want %d keys", recovery.Checkpoint, keys)
	}
	for _, workers := range []int{-1, redolog.MaxLoadWorkers + 1} {
		if err := recovery.Load(workers, nil); !errors.Is(err, redolog.ErrOptions) {
			t.Errorf("%d workers: %v", workers, err)
		}
	}
}

// TestLoadInParallel gives every block once, whatever the number of workers, and ends with their first error.
func TestLoadInParallel(t *testing.T) {
	options := redolog.Options{Dir: t.TempDir()}
	log, _ := open(t, options)
	mustAppend(t, log, 1, set("k", "v"))
	var entries []redolog.Entry
	for n := range 100 {
		entries = append(entries, set(fmt.Sprint(n), strings.Repeat("v", 50_000)))
	}
	checkpoint(t, log, 1, entries...)
	log.Close()
	_, recovery := open(t, options)
	for _, workers := range []int{0, 1, 3, redolog.MaxLoadWorkers} {
		seen := make([]map[string]int, redolog.MaxLoadWorkers)
		err := recovery.Load(workers, func(worker int, entries redolog.Entries) error {
			if seen[worker] == nil {
				seen[worker] = map[string]int{}
			}
			for entry := range entries.All() {
				seen[worker][string(entry.Key)]++
			}
			return nil
		})
		all := map[string]int{}
		for _, of := range seen {
			for key, n := range of {
				all[key] += n
			}
		}
		if err != nil || len(all) != 100 {
			t.Errorf("%d workers: %d keys, %v", workers, len(all), err)
		}
		full := errors.New("full")
		if err := recovery.Load(workers, func(int, redolog.Entries) error { return full }); !errors.Is(err, full) {
			t.Errorf("%d workers: got %v, want their error", workers, err)
		}
	}
}
