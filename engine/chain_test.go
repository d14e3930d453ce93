package engine

import (
	"bytes"
	"errors"
	"testing"
)

// maxChainKeys fill a bucket and all the overflow buckets it may have: each of those takes
// its last slot for the link to the next.
const maxChainKeys = 7 + 8*6

// checkValues reads every key, whose value is the key itself.
func checkValues(t *testing.T, db *DB, keys [][]byte) {
	t.Helper()
	for i, key := range keys {
		if got, err := db.Get(key); err != nil || !bytes.Equal(got, key) {
			t.Fatalf("key %d of %d: got %q, %v", i, len(keys), got, err)
		}
	}
}

// TestChain fills one bucket to its limit, splits it, and empties it again.
func TestChain(t *testing.T) {
	db := openTest(t)
	keys := collide(db, 0, maxChainKeys+1)
	for i, key := range keys[:maxChainKeys] {
		if err := db.Set(key, key); err != nil {
			t.Fatalf("key %d: %v", i, err)
		}
	}
	checkValues(t, db, keys[:maxChainKeys])
	if done, err := db.splitSome(); err != nil || done == 0 {
		t.Fatalf("split: %d buckets, %v", done, err)
	}
	checkValues(t, db, keys[:maxChainKeys])
	if err := db.Set(keys[maxChainKeys], keys[maxChainKeys]); err != nil {
		t.Errorf("after the split: %v", err)
	}
	checkValues(t, db, keys)
	for i, key := range keys {
		if was, err := db.Delete(key); err != nil || !was {
			t.Fatalf("delete key %d: %v, %v", i, was, err)
		}
	}
	if n := db.Len(); n != 0 {
		t.Errorf("%d keys are left", n)
	}
}

// TestTxnChain has one transaction write many keys of one bucket: the slot of an earlier
// write must stay its own when a later one makes the bucket overflow.
func TestTxnChain(t *testing.T) {
	db := openTest(t)
	for _, before := range []int{0, 1, 5, 6, 7, 12, 13, 14} {
		txnChain(t, db, collide(db, uint64(before), before+16), before, true)
		txnChain(t, db, collide(db, uint64(before)+100, before+16), before, false)
	}
}

// txnChain writes the keys in one transaction, the first `before` of which are there
// already and half of those written again.
func txnChain(t *testing.T, db *DB, keys [][]byte, before int, commit bool) {
	t.Helper()
	for _, key := range keys[:before] {
		mustSet(t, db, key, key)
	}
	txn := mustBegin(t, db)
	defer txn.Abort()
	for _, key := range keys[before/2:] {
		if err := txn.Set(key, key); err != nil {
			t.Fatal(err)
		}
	}
	there := len(keys)
	var want error
	if !commit {
		// Found at the last step of a commit: all locks and slots are taken by then.
		there, want = before, ErrConflict
		elsewhere := []byte("elsewhere")
		_, _ = txn.Get(elsewhere)
		mustSet(t, db, elsewhere, elsewhere)
	}
	if err := txn.Commit(); !errors.Is(err, want) {
		t.Fatalf("%d keys before: commit: got %v, want %v", before, err, want)
	}
	checkValues(t, db, keys[:there])
	for _, key := range keys[there:] {
		if _, err := db.Get(key); !errors.Is(err, ErrNotFound) {
			t.Fatalf("%d keys before: a key of a failed commit: got %v", before, err)
		}
	}
}
