package redolog_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"bpfdb/engine/redolog"
	"bpfdb/engine/redolog/faultfs"
)

// fuzzSeeds is how many logs of our own the fuzzers begin with.
const fuzzSeeds = 10

// FuzzSegment opens a log whose last segment is any bytes. Whatever comes back is a beginning of what was written,
// transaction by transaction.
func FuzzSegment(f *testing.F) { fuzzLast(f, "redo-") }

// FuzzCheckpoint does the same with the newest checkpoint.
func FuzzCheckpoint(f *testing.F) { fuzzLast(f, "checkpoint-") }

func fuzzLast(f *testing.F, prefix string) {
	oracles := make([]*oracle, fuzzSeeds)
	for seed := range uint64(fuzzSeeds) {
		o, err := cleanlyClosed(seed)
		if err != nil {
			f.Fatal(err)
		}
		oracles[seed] = o
		if name := o.lastFile(prefix); name != "" {
			text, err := readAll(o.fs, name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text[:used(text)], uint8(seed))
			f.Add(text[:used(text)*2/3], uint8(seed))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte, seed uint8) {
		o := *oracles[seed%fuzzSeeds]
		name := o.lastFile(prefix)
		if name == "" || len(text) > redolog.MaxSegmentBytes {
			return
		}
		o.fs = o.fs.Clone(0)
		if err := writeAll(o.fs, name, text); err != nil {
			t.Fatal(err)
		}
		openAnyhow(t, &o)
	})
}

// openAnyhow opens, verifies and repairs what may be anything.
func openAnyhow(t *testing.T, o *oracle) {
	report, err := redolog.Verify(redolog.Options{FS: o.fs})
	if err != nil {
		t.Fatal(err)
	}
	if err := o.openDamaged(report.OK(), true, &reached{counts: map[string]int{}}); err != nil {
		t.Fatal(err)
	}
	plan, err := redolog.Repair(redolog.Options{FS: o.fs, SegmentBytes: redolog.MinSegmentBytes})
	if err := ignoring(err, redolog.ErrBeyondRepair, redolog.ErrVersion, redolog.ErrForeign); err != nil {
		t.Fatal(err)
	}
	if plan == nil {
		return
	}
	log, recovery, err := redolog.Open(redolog.Options{FS: o.fs, SegmentBytes: redolog.MinSegmentBytes})
	if err != nil {
		t.Fatalf("after %+v: %v", plan, err)
	}
	defer log.Close()
	if err := o.compareCopy(recovery, false); err != nil && !errors.Is(err, errDead) {
		t.Fatal(err)
	}
}

// lastFile returns the newest file of a kind.
func (o *oracle) lastFile(prefix string) (last string) {
	names, _ := o.fs.List()
	for _, name := range names {
		if strings.HasPrefix(name, prefix) {
			last = name
		}
	}
	return last
}

// used returns how much of a file is not the zeros at its end.
func used(text []byte) int {
	n := len(text)
	for n > 0 && text[n-1] == 0 {
		n--
	}
	return n
}

// FuzzFrame appends any bytes as records, and writes the same without looking at them, under checksums that are
// right, as if the fault were ours. What Append refuses, recovery refuses; what it takes comes back to the byte.
func FuzzFrame(f *testing.F) {
	two := append(commit(1, set("a", "1")), commit(3, redolog.Entry{Op: redolog.OpFlush}, set("", ""))...)
	f.Add(commit(1, set("a", "1")), uint32(1), uint64(1), uint64(1))
	f.Add(two, uint32(2), uint64(1), uint64(3))
	f.Add(two, uint32(1), uint64(1), uint64(3))
	f.Add(commit(7), uint32(1), uint64(7), uint64(7))
	f.Add([]byte{}, uint32(0), uint64(1), uint64(0))
	f.Fuzz(func(t *testing.T, records []byte, count uint32, first, last uint64) {
		if len(records) > redolog.MinSegmentBytes/2 {
			return
		}
		options := redolog.Options{FS: faultfs.New(0), SegmentBytes: redolog.MinSegmentBytes}
		log, _ := open(t, options)
		refused := log.Append(records, first, last, int(count))
		if refused != nil && !errors.Is(refused, redolog.ErrRecords) {
			t.Fatal(refused)
		}
		files := faultfs.New(0)
		options.FS = files
		log, _ = open(t, options)
		if err := log.AppendUnchecked(records, first, last, count); err != nil {
			t.Fatal(err)
		}
		files.Restart()
		_, recovery, err := redolog.Open(options)
		if refused != nil {
			if !errors.Is(err, redolog.ErrCorrupt) {
				t.Fatalf("Append: %v, Open: %v", refused, err)
			}
			return
		}
		if err != nil || recovery.LastLSN != last {
			t.Fatalf("appended, but Open: %v, %+v", err, recovery)
		}
		if got := rewritten(t, recovery); !bytes.Equal(got, records) {
			t.Fatalf("got\n%x, want\n%x", got, records)
		}
	})
}

// rewritten puts what is replayed into the format again.
func rewritten(t *testing.T, recovery *redolog.Recovery) (records []byte) {
	err := recovery.Replay(func(record redolog.Record) error {
		records = redolog.AppendRecord(records, record.LSN, slices.Collect(record.Entries.All())...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return records
}
