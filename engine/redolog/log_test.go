package redolog_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"bpfdb/engine/redolog"
)

// commit is what a test appends: one record.
func commit(lsn uint64, entries ...redolog.Entry) []byte {
	return redolog.AppendRecord(nil, lsn, entries...)
}

func set(key, value string) redolog.Entry {
	return redolog.Entry{Op: redolog.OpSet, Key: []byte(key), Value: []byte(value)}
}

func open(t *testing.T, options redolog.Options) (*redolog.Log, *redolog.Recovery) {
	t.Helper()
	log, recovery, err := redolog.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	return log, recovery
}

func mustAppend(t *testing.T, log *redolog.Log, lsn uint64, entries ...redolog.Entry) {
	t.Helper()
	if err := log.Append(commit(lsn, entries...), lsn, lsn, 1); err != nil {
		t.Fatal(err)
	}
}

func mustSync(t *testing.T, log *redolog.Log, want uint64) {
	t.Helper()
	if got, err := log.Sync(); err != nil || got != want {
		t.Fatalf("synced up to %d, %v; want %d", got, err, want)
	}
}

// replayed lists records as text.
func replayed(t *testing.T, recovery *redolog.Recovery) (lines []string) {
	t.Helper()
	err := recovery.Replay(func(record redolog.Record) error {
		line := fmt.Sprint(record.LSN)
		for entry := range record.Entries.All() {
			line += fmt.Sprintf(" %d:%s=%s", entry.Op, entry.Key, entry.Value)
		}
		lines = append(lines, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAppendAndReplay(t *testing.T) {
	dir := t.TempDir()
	log, recovery := open(t, redolog.Options{Dir: dir})
	if !recovery.New || recovery.LastLSN != 0 || recovery.Checkpoint != nil || recovery.Cut != nil {
		t.Errorf("a new log is %+v", recovery)
	}
	mustAppend(t, log, 3, set("a", "1"), set("b", ""))
	mustSync(t, log, 3)
	mustAppend(t, log, 7, redolog.Entry{Op: redolog.OpDelete, Key: []byte("a")})
	mustAppend(t, log, 8, redolog.Entry{Op: redolog.OpFlush})
	if _, _, err := redolog.Open(redolog.Options{Dir: dir}); !errors.Is(err, redolog.ErrLocked) {
		t.Errorf("opened twice: %v", err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if err := log.Append(commit(9), 9, 9, 1); !errors.Is(err, redolog.ErrClosed) {
		t.Errorf("append to a closed log: %v", err)
	}
	log, recovery = open(t, redolog.Options{Dir: dir})
	if recovery.New || !recovery.Clean || recovery.LastLSN != 8 || recovery.Cut != nil {
		t.Errorf("recovered %+v", recovery)
	}
	same(t, replayed(t, recovery), "3 1:a=1 1:b=", "7 2:a=", "8 3:=")
	mustAppend(t, log, 9, set("c", "2"))
	mustSync(t, log, 9)
}

func TestCheckpointAndTruncate(t *testing.T) {
	options := redolog.Options{Dir: t.TempDir(), SegmentBytes: redolog.MinSegmentBytes}
	log, _ := open(t, options)
	value := string(bytes.Repeat([]byte("v"), 20_000))
	for lsn := uint64(1); lsn <= 40; lsn++ {
		mustAppend(t, log, lsn, set("k", value))
		if lsn%10 == 0 {
			checkpoint(t, log, lsn, set("k", value), set("lsn", fmt.Sprint(lsn)))
			if err := log.Truncate(lsn); err != nil {
				t.Fatal(err)
			}
		}
	}
	mustAppend(t, log, 41, set("last", "x"))
	mustSync(t, log, 41)
	log.Close()
	_, recovery := open(t, options)
	if c := recovery.Checkpoint; c == nil || c.LSN != 40 || c.Keys != 2 {
		t.Errorf("checkpoint %+v, want that of lsn 40 with 2 keys", c)
	}
	var keys []string
	err := recovery.Load(1, func(_ int, entries redolog.Entries) error {
		for entry := range entries.All() {
			keys = append(keys, string(entry.Key)+fmt.Sprint(len(entry.Value)))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	same(t, keys, "k20000", "lsn2")
	same(t, replayed(t, recovery), "41 1:last=x")
}

func checkpoint(t *testing.T, log *redolog.Log, lsn uint64, entries ...redolog.Entry) {
	t.Helper()
	w, err := log.CreateCheckpoint(lsn)
	if err != nil {
		t.Fatal(err)
	}
	var block []byte
	for _, entry := range entries {
		block = redolog.AppendEntry(block, entry)
	}
	if err := w.Append(block, len(entries)); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
}
