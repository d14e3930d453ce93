package engine

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bpfdb/engine/redolog"
	"bpfdb/internal/kerneltest"
)

// pinned are options of an engine that keeps its data, and has a log, and a last open of which leaves nothing.
func pinned(t *testing.T, d Durability) Options {
	t.Helper()
	o := Options{Pin: pinDir(t), Durability: d, MemoryBytes: 256 << 20, Warn: func(err error) { t.Log(err) }}
	if d != DurabilityNone {
		o.Dir = t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(o.Pin); err != nil {
			t.Error(err)
		}
	})
	return o
}

func set(t *testing.T, db *DB, keys ...string) {
	t.Helper()
	for _, key := range keys {
		if err := db.Set([]byte(key), []byte("value of "+key)); err != nil {
			t.Fatal(err)
		}
	}
}

func has(t *testing.T, db *DB, keys ...string) {
	t.Helper()
	for _, key := range keys {
		if v, err := db.Get([]byte(key)); err != nil || string(v) != "value of "+key {
			t.Errorf("%s: %q, %v", key, v, err)
		}
	}
}

// close ends an engine before the test does.
func closeNow(t *testing.T, db *DB) {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestAdoptedIsDurable goes on in synchronous mode with what was committed in asynchronous mode: reads of it need
// not wait for anything.
func TestAdoptedIsDurable(t *testing.T) {
	o := pinned(t, DurabilityAsync)
	db := open(t, o)
	set(t, db, "a", "b")
	closeNow(t, db)
	o.Durability = DurabilitySync
	db = open(t, o)
	start := time.Now()
	has(t, db, "a", "b")
	if _, err := db.Get([]byte("absent")); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	if took := time.Since(start); took > waitLimit/2 {
		t.Errorf("reads took %v", took)
	}
	set(t, db, "c")
	closeNow(t, db)
	has(t, open(t, o), "a", "b", "c")
}

// TestAdoptedLogLacksCommits gives an adopted store an older state of its log. A checkpoint has to make up for it,
// if not in the first attempt then in the next.
func TestAdoptedLogLacksCommits(t *testing.T) {
	o := pinned(t, DurabilityAsync)
	db := open(t, o)
	set(t, db, "a")
	closeNow(t, db)
	old := t.TempDir()
	if err := os.CopyFS(old, os.DirFS(o.Dir)); err != nil {
		t.Fatal(err)
	}
	db = open(t, o)
	set(t, db, "b", "c")
	closeNow(t, db)
	o.Dir = old
	o.FS = noCheckpoints{redolog.OS(old)}
	if _, err := Open(o); !errors.Is(err, errNoCheckpoint) {
		t.Fatalf("without room for a checkpoint: %v", err)
	}
	o.FS = nil
	db = open(t, o)
	if notes := fmt.Sprint(db.Recovered().Notes); !strings.Contains(notes, "has lost commits") {
		t.Errorf("notes are %s", notes)
	}
	set(t, db, "d")
	closeNow(t, db)
	db = open(t, o)
	if notes := db.Recovered().Notes; len(notes) > 0 {
		t.Errorf("later notes are %s", notes)
	}
	if err := errors.Join(db.Unpin(), db.Close()); err != nil {
		t.Fatal(err)
	}
	o.Pin = ""
	db = open(t, o)
	has(t, db, "a", "b", "c", "d")
}

var errNoCheckpoint = errors.New("no checkpoint here")

// noCheckpoints is a directory that takes none.
type noCheckpoints struct{ redolog.FS }

func (f noCheckpoints) Create(name string) (redolog.File, error) {
	if strings.HasPrefix(name, "checkpoint") {
		return nil, errNoCheckpoint
	}
	return f.FS.Create(name)
}

// TestAdoptedFlush adopts a store whose FLUSHALL was cut short before it freed anything.
func TestAdoptedFlush(t *testing.T) {
	o := pinned(t, DurabilityNone)
	db := open(t, o)
	for i := range 1000 {
		set(t, db, fmt.Sprint("key", i))
	}
	atomic.StoreUint64(&db.control.at(0).Pruning, 1)
	if err := call(db.programs.Flush, &engineMaintainArgs{}); err != nil {
		t.Fatal(err)
	}
	closeNow(t, db)
	db = open(t, o)
	if db.Len() != 0 {
		t.Errorf("%d keys", db.Len())
	}
	if _, err := db.Audit(); err != nil {
		t.Error(err)
	}
}

// TestAdoptionRefused tries to adopt with what does not go with the store: every time it stays as it is.
func TestAdoptionRefused(t *testing.T) {
	o := pinned(t, DurabilitySync)
	db := open(t, o)
	set(t, db, "a")
	layout := db.control.at(0).Layout
	closeNow(t, db)
	for want, change := range map[string]func(*Options){
		"another memory limit":         func(o *Options) { o.MemoryBytes *= 2 },
		"durability none would end it": func(o *Options) { o.Durability = DurabilityNone },
		"holds another log":            func(o *Options) { o.Dir = t.TempDir() },
		"is not in a BPF filesystem":   func(o *Options) { o.Pin = t.TempDir() + "/pin" },
	} {
		with := o
		change(&with)
		if _, err := Open(with); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	db = open(t, o)
	has(t, db, "a")
	db.control.at(0).Layout = layout + 1
	closeNow(t, db)
	if _, err := Open(o); !errors.Is(err, ErrPinned) || !strings.Contains(err.Error(), "another version") {
		t.Errorf("another layout: %v", err)
	}
}

// TestFailedStartPinsNothing fails after everything has been loaded.
func TestFailedStartPinsNothing(t *testing.T) {
	o := pinned(t, DurabilitySync)
	other := open(t, Options{Dir: o.Dir, Durability: DurabilitySync, MemoryBytes: 256 << 20})
	kerneltest.VerifyClean(t, "bpfdb")
	if _, err := Open(o); !errors.Is(err, redolog.ErrLocked) {
		t.Errorf("a directory in use: %v", err)
	}
	if _, err := os.Stat(o.Pin); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", o.Pin, err)
	}
	closeNow(t, other)
}
