package engine

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

func mustBeginReadOnly(t testing.TB, db *DB) *Txn {
	t.Helper()
	txn, err := db.BeginReadOnly()
	if err != nil {
		t.Fatal(err)
	}
	return txn
}

// TestSnapshot has every kind of change happen under open snapshots, which must go on seeing
// what was there when they began, and have what they kept freed when they end.
func TestSnapshot(t *testing.T) {
	db := openShared(t)
	set := func(value string) func() error {
		return func() error { return db.Set([]byte("k"), []byte(value)) }
	}
	gone := func() error { return second(db.Delete([]byte("k"))) }
	inTxn := func(change func(*Txn) error) func() error {
		return func() error {
			txn := mustBegin(t, db)
			return errors.Join(change(txn), txn.Commit())
		}
	}
	steps := []struct {
		change func() error
		value  string // of k afterwards, "" = none
	}{
		{set("1"), "1"},
		{set("a longer value, of another class"), "a longer value, of another class"},
		{gone, ""},
		{gone, ""},
		{set("2"), "2"},
		{db.FlushAll, ""},
		{set("3"), "3"},
		{inTxn(func(txn *Txn) error { return second(txn.Delete([]byte("k"))) }), ""},
		{inTxn(func(txn *Txn) error { return txn.Set([]byte("k"), []byte("4")) }), "4"},
		{db.FlushAll, ""},
		{db.FlushAll, ""},
		{gone, ""},
		{set("5"), "5"},
		{inTxn(func(txn *Txn) error { return txn.Set([]byte("k"), []byte("6")) }), "6"},
	}
	for _, order := range []string{"oldest first", "newest first", "random"} {
		if err := db.FlushAll(); err != nil {
			t.Fatal(err)
		}
		snapshots := []*Txn{mustBeginReadOnly(t, db)}
		want := []string{""}
		for i, step := range steps {
			if err := step.change(); err != nil {
				t.Fatalf("step %d: %v", i, err)
			}
			expect(t, db.Get, "k", step.value)
			if exists := step.value != ""; db.Len() > 1 || (db.Len() == 1) != exists {
				t.Errorf("after step %d: %d keys, value %q", i, db.Len(), step.value)
			}
			snapshots, want = append(snapshots, mustBeginReadOnly(t, db)), append(want, step.value)
			if i%3 == 0 {
				db.pruneMarked()
			}
			for j, txn := range snapshots {
				expect(t, txn.Get, "k", want[j])
			}
		}
		for len(snapshots) > 0 {
			newest := len(snapshots) - 1
			i := map[string]int{"oldest first": 0, "newest first": newest, "random": rand.IntN(newest + 1)}[order]
			if err := snapshots[i].Commit(); err != nil {
				t.Errorf("commit of a snapshot: %v", err)
			}
			snapshots, want = append(snapshots[:i], snapshots[i+1:]...), append(want[:i], want[i+1:]...)
			db.pruneMarked()
			for j, txn := range snapshots {
				expect(t, txn.Get, "k", want[j])
			}
		}
		checkHeld(t, db, 1, blockBytes(1, 1))
	}
}

func TestSnapshotReadOnly(t *testing.T) {
	db := openShared(t)
	mustSet(t, db, []byte("k"), []byte("v"))
	txn := mustBeginReadOnly(t, db)
	defer txn.Abort()
	if err := txn.Set([]byte("k"), nil); !errors.Is(err, ErrReadOnly) {
		t.Errorf("set: got %v, want ErrReadOnly", err)
	}
	if _, err := txn.Delete([]byte("k")); !errors.Is(err, ErrReadOnly) {
		t.Errorf("delete: got %v, want ErrReadOnly", err)
	}
	for i := range 2 * MaxTxnReads { // reads that cannot conflict need no place in a read set
		if err := ignoreNotFound(second(txn.Get(numbered(i)))); err != nil {
			t.Fatalf("read %d: %v", i, err)
		}
	}
	if err := txn.Commit(); err != nil {
		t.Error(err)
	}
	checkHeld(t, db, 1, blockBytes(1, 1))
}

// TestSnapshotSlowReader updates a few keys many times under a reader that never ends and many that do:
// what is kept must stay within what the open snapshots can need.
func TestSnapshotSlowReader(t *testing.T) {
	const keys, rounds = 4, 20_000
	db := open(t, Options{})
	for i := range keys {
		mustSet(t, db, numbered(i), []byte("first"))
	}
	slow := mustBeginReadOnly(t, db)
	most := int64(0)
	for round := range rounds {
		short := mustBeginReadOnly(t, db)
		mustSet(t, db, numbered(round%keys), fmt.Appendf(nil, "%d", round))
		if err := short.Commit(); err != nil {
			t.Fatal(err)
		}
		if round%1000 == 999 {
			db.pruneMarked()
			most = max(most, db.Stats().Versions)
		}
	}
	if most > keys {
		t.Errorf("%d versions are kept after pruning, %d keys with one reader need %d", most, keys, keys)
	}
	for i := range keys {
		expect(t, slow.Get, string(numbered(i)), "first")
	}
	if err := slow.Commit(); err != nil {
		t.Error(err)
	}
	waitPruned(t, db)
	if s := db.Stats(); s.Keys != keys || s.Snapshots != 0 || s.Counters["pruned"] < rounds/2 {
		t.Errorf("in the end: %+v", s)
	}
}

// TestSnapshotGrows splits buckets, and with them keys that have older versions, under a snapshot.
func TestSnapshotGrows(t *testing.T) {
	const before, after = 1000, 400_000
	db := open(t, Options{MemoryBytes: 4 * minMemory})
	if _, err := fill(db, 0, before, 10); err != nil {
		t.Fatal(err)
	}
	txn := mustBeginReadOnly(t, db)
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := fill(db, 0, after, 11); err != nil {
			t.Error(err)
		}
	})
	for range 20 {
		for i := range before {
			if got, err := txn.Get(numbered(i)); err != nil || len(got) != 10 {
				t.Fatalf("key %d: got %d bytes, %v, want 10", i, len(got), err)
			}
		}
		if err := second(txn.Get(numbered(after - 1))); !errors.Is(err, ErrNotFound) {
			t.Fatalf("a later key: %v", err)
		}
	}
	wg.Wait()
	if err := db.Grow(); err != nil {
		t.Fatal(err)
	}
	for i := range before {
		if got, err := txn.Get(numbered(i)); err != nil || len(got) != 10 {
			t.Fatalf("key %d after growing: got %d bytes, %v, want 10", i, len(got), err)
		}
	}
	if err := txn.Commit(); err != nil {
		t.Error(err)
	}
	waitPruned(t, db)
	if splits := db.Stats().Counters["splits"]; splits == 0 {
		t.Error("no bucket was split: the test does not reach what it is for")
	}
}

// TestTxnTimeout leaves transactions idle: they are aborted, say so, and hold nothing.
func TestTxnTimeout(t *testing.T) {
	db := open(t, Options{TxnTimeout: 50 * time.Millisecond})
	mustSet(t, db, []byte("k"), []byte("old"))
	idle, reader := mustBegin(t, db), mustBeginReadOnly(t, db)
	if err := idle.Set([]byte("k"), []byte("mine")); err != nil {
		t.Fatal(err)
	}
	mustSet(t, db, []byte("k"), []byte("new"))
	deadline := time.Now().Add(30 * time.Second)
	for ; db.Stats().Counters["timeouts"] < 2; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("transactions are not aborted: %+v", db.Stats())
		}
	}
	for name, err := range map[string]error{
		"set": idle.Set([]byte("k"), nil), "get": second(reader.Get([]byte("k"))), "commit": reader.Commit(),
	} {
		if !errors.Is(err, ErrTxnTimeout) {
			t.Errorf("%s: got %v, want ErrTxnTimeout", name, err)
		}
	}
	if err := idle.Abort(); err != nil {
		t.Errorf("abort of what is aborted: %v", err)
	}
	expect(t, db.Get, "k", "new")
	checkHeld(t, db, 1, blockBytes(1, 3))
	if s := db.Stats(); s.Txns != 0 || s.Snapshots != 0 {
		t.Errorf("%d transactions and %d snapshots are left", s.Txns, s.Snapshots)
	}
}
