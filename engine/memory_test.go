package engine

import (
	"errors"
	"testing"
)

// fillToLimit writes values of the given size until memory is used up; the number of keys.
func fillToLimit(t *testing.T, db *DB, from, valueBytes int) int {
	t.Helper()
	for at := from; ; {
		n, err := fill(db, at, at+1000, valueBytes)
		at += n
		if errors.Is(err, ErrOutOfMemory) {
			return at - from
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestOutOfMemory fills the store to its limit: writes are refused, all else goes on, and
// what a delete frees is used again, whole or in pieces.
func TestOutOfMemory(t *testing.T) {
	db := openTest(t)
	n := fillToLimit(t, db, 0, 1000)
	if used := db.Stats().Used; used < segmentBytes*95/100 {
		t.Errorf("full at %d bytes of %d", used, segmentBytes)
	}
	for _, valueBytes := range []int{0, 1000, MaxValue} {
		err := db.Set(numbered(n), make([]byte, valueBytes))
		if valueBytes > 0 && !errors.Is(err, ErrOutOfMemory) {
			t.Errorf("Set of %d bytes: got %v, want ErrOutOfMemory", valueBytes, err)
		}
	}
	if db.Stats().Counters["oom"] == 0 {
		t.Error("refused writes are not counted")
	}
	checkFilled(t, db, 0, n, 1000)
	rest := n + 1
	rest += fillToLimit(t, db, rest, 0) // the odd ends: now not even the smallest record fits
	if err := db.Set(numbered(0), []byte("x")); !errors.Is(err, ErrOutOfMemory) {
		t.Errorf("overwrite: got %v, want ErrOutOfMemory", err)
	}
	for _, piece := range []int{1000, 500, 100, 10} { // beyond the first, blocks are split
		if was, err := db.Delete(numbered(n - piece)); err != nil || !was {
			t.Fatalf("Delete: %v, %v", was, err)
		}
		got := fillToLimit(t, db, rest, piece)
		// Splitting leaves odd ends, but most of the block must be used.
		if used := int64(got) * blockBytes(10, piece); used < blockBytes(10, 1000)*3/4 {
			t.Errorf("%d values of %d bytes in place of one of 1000", got, piece)
		}
		checkFilled(t, db, rest, rest+got, piece)
		rest += got
	}
}

// TestOutOfMemoryTxn has transactions meet the limit: a refused write leaves the rest of
// the transaction alone and leaks nothing. A delete in a transaction is a write there: it
// keeps a tombstone until the end, which one delete outside makes room for.
func TestOutOfMemoryTxn(t *testing.T) {
	db := openTest(t)
	n := fillToLimit(t, db, 0, 1000)
	fillToLimit(t, db, n, 0)
	before := db.Stats()
	txn := mustBegin(t, db)
	if err := txn.Set(numbered(0), make([]byte, 1000)); !errors.Is(err, ErrOutOfMemory) {
		t.Errorf("Set: got %v, want ErrOutOfMemory", err)
	}
	if _, err := txn.Delete(numbered(0)); !errors.Is(err, ErrOutOfMemory) {
		t.Errorf("Delete: got %v, want ErrOutOfMemory", err)
	}
	if err := txn.Abort(); err != nil {
		t.Error(err)
	}
	checkHeld(t, db, before.Keys, before.Used)
	if was, err := db.Delete(numbered(1)); err != nil || !was {
		t.Fatalf("Delete: %v, %v", was, err)
	}
	txn = mustBegin(t, db)
	defer txn.Abort()
	if was, err := txn.Delete(numbered(0)); err != nil || !was {
		t.Fatalf("Delete in a transaction: %v, %v", was, err)
	}
	if err := txn.Commit(); err != nil {
		t.Error(err)
	}
	checkHeld(t, db, before.Keys-2, before.Used-2*blockBytes(10, 1000))
}

// TestFreedAnywhere has the only free block on the list of a far CPU: at the limit it must
// be found there.
func TestFreedAnywhere(t *testing.T) {
	db := openTest(t)
	control := db.control.at(0)
	control.ShardMask = maxShards - 1 // as on a machine of 64 CPUs
	mustSet(t, db, numbered(0), make([]byte, 1000))
	if _, err := db.Delete(numbered(0)); err != nil {
		t.Fatal(err)
	}
	for i := range 8 { // whatever CPU freed it
		near, far := db.shards.at(i), db.shards.at(i+32)
		near.FreeHead, far.FreeHead = far.FreeHead, near.FreeHead
	}
	control.HeapMax, control.HeapEnd = control.HeapCursor, control.HeapCursor
	if err := db.Set(numbered(0), make([]byte, 1000)); err != nil {
		t.Errorf("with a free block on a far list: %v", err)
	}
}
