package engine

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// expect compares one read, "" standing for no such key.
func expect(t *testing.T, get func([]byte) ([]byte, error), key, want string) {
	t.Helper()
	got, err := get([]byte(key))
	if err != nil && !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s: got %q, want %q", key, got, want)
	}
}

func TestTxnSeesItsWrites(t *testing.T) {
	db := openShared(t)
	mustSet(t, db, []byte("a"), []byte("1"))
	txn := mustBegin(t, db)
	defer txn.Abort()
	for _, step := range []struct {
		key, value string
		own, all   string // what the transaction and the others then see
	}{
		{"a", "2", "2", "1"},
		{"a", "a longer value, of another class", "a longer value, of another class", "1"},
		{"a", "", "", "1"},
		{"a", "3", "3", "1"},
		{"b", "4", "4", ""},
		{"b", "", "", ""},
		{"c", "", "", ""},
	} {
		if step.value != "" {
			if err := txn.Set([]byte(step.key), []byte(step.value)); err != nil {
				t.Fatal(err)
			}
		} else if _, err := txn.Delete([]byte(step.key)); err != nil {
			t.Fatal(err)
		}
		expect(t, txn.Get, step.key, step.own)
		expect(t, db.Get, step.key, step.all)
	}
	if err := txn.Commit(); err != nil {
		t.Fatal(err)
	}
	expect(t, db.Get, "a", "3")
	expect(t, db.Get, "b", "")
	checkHeld(t, db, 1, blockBytes(1, 1))
	for name, err := range map[string]error{
		"commit": txn.Commit(), "set": txn.Set([]byte("a"), nil), "get": second(txn.Get([]byte("a"))),
		"delete": second(txn.Delete([]byte("a"))),
	} {
		if !errors.Is(err, ErrTxnDone) {
			t.Errorf("%s after the end: got %v, want ErrTxnDone", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// waitPruned waits until the versions that ended snapshots needed are gone.
func waitPruned(t *testing.T, db *DB) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); db.Stats().Versions != 0; time.Sleep(time.Millisecond) {
		db.pruneMarked() // some tests have no maintainer
		if time.Now().After(deadline) {
			t.Fatalf("%d versions are still kept, with %d snapshots open", db.Stats().Versions, db.Stats().Snapshots)
		}
	}
}

// checkHeld compares what the store holds, to the byte.
func checkHeld(t *testing.T, db *DB, keys, used int64) {
	t.Helper()
	waitPruned(t, db)
	if s := db.Stats(); s.Keys != keys || s.Used != used {
		t.Errorf("got %d keys in %d bytes, want %d in %d", s.Keys, s.Used, keys, used)
	}
}

// TestTxnConflicts has another commit come between a transaction's operations and its end.
func TestTxnConflicts(t *testing.T) {
	db := openShared(t)
	var (
		read   = func(t *Txn) error { return ignoreNotFound(second(t.Get([]byte("k")))) }
		write  = func(t *Txn) error { return t.Set([]byte("k"), []byte("mine")) }
		remove = func(t *Txn) error { return second(t.Delete([]byte("k"))) }
		other  = func() error { return db.Set([]byte("k"), []byte("other")) }
		gone   = func() error { return second(db.Delete([]byte("k"))) }
		back   = func() error { return errors.Join(gone(), other()) }
		swept  = func() error { return db.FlushAll() }
		aside  = func(t *Txn) error { return t.Set([]byte("aside"), nil) }
	)
	for _, tt := range []struct {
		name   string
		start  string // value of k before, "" for none
		mine   []func(*Txn) error
		others func() error
		want   error
		after  string
	}{
		{"read, overwritten", "old", []func(*Txn) error{read, write}, other, ErrConflict, "other"},
		{"read, deleted", "old", []func(*Txn) error{read, write}, gone, ErrConflict, ""},
		{"read, deleted and back", "other", []func(*Txn) error{read, aside}, back, ErrConflict, "other"},
		{"read as absent, inserted", "", []func(*Txn) error{read, write}, other, ErrConflict, "other"},
		{"delete of what is deleted", "old", []func(*Txn) error{remove}, gone, ErrConflict, ""},
		{"delete of nothing, inserted", "", []func(*Txn) error{remove, aside}, other, ErrConflict, "other"},
		{"only read, overwritten", "old", []func(*Txn) error{read}, other, nil, "other"},
		{"only read, flushed", "old", []func(*Txn) error{read}, swept, nil, ""},
		{"blind write over a write", "old", []func(*Txn) error{write}, other, nil, "mine"},
		{"blind write over a delete", "old", []func(*Txn) error{write}, gone, nil, "mine"},
		{"blind write, then delete", "old", []func(*Txn) error{write, remove}, other, nil, ""},
		{"read own write", "old", []func(*Txn) error{write, read}, other, nil, "mine"},
		{"read, flushed", "old", []func(*Txn) error{read, aside}, swept, ErrConflict, ""},
		{"blind write, flushed", "old", []func(*Txn) error{write}, swept, ErrConflict, ""},
	} {
		if _, err := db.Delete([]byte("k")); err != nil {
			t.Fatal(err)
		}
		if tt.start != "" {
			mustSet(t, db, []byte("k"), []byte(tt.start))
		}
		txn := mustBegin(t, db)
		for _, step := range tt.mine {
			if err := step(txn); err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
		}
		if err := tt.others(); err != nil {
			t.Fatal(err)
		}
		if err := txn.Commit(); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
		expect(t, db.Get, "k", tt.after)
	}
}

func ignoreNotFound(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// TestTxnAllOrNothing commits and aborts a mix of inserts, overwrites and deletes.
func TestTxnAllOrNothing(t *testing.T) {
	db := openShared(t)
	for _, commit := range []bool{false, true} {
		if _, err := fill(db, 0, 100, 100); err != nil {
			t.Fatal(err)
		}
		txn := mustBegin(t, db)
		for i := range 100 {
			if i%2 == 0 {
				if was, err := txn.Delete(numbered(i)); err != nil || !was {
					t.Fatalf("delete: %v, %v", was, err)
				}
			}
			for _, key := range []int{i, 100 + i} {
				if i%2 == 1 {
					if err := txn.Set(numbered(key), nil); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		if !commit {
			if err := txn.Abort(); err != nil {
				t.Fatal(err)
			}
			checkFilled(t, db, 0, 100, 100)
			checkHeld(t, db, 100, 100*blockBytes(10, 100))
			continue
		}
		if err := txn.Commit(); err != nil {
			t.Fatal(err)
		}
		for i := range 200 {
			if _, err := db.Get(numbered(i)); errors.Is(err, ErrNotFound) != (i%2 == 0) {
				t.Errorf("key %d after the commit: %v", i, err)
			}
		}
		checkHeld(t, db, 100, 100*blockBytes(10, 0))
	}
}

// TestTxnLimits stands on both sides of every limit of transactions.
func TestTxnLimits(t *testing.T) {
	db := openShared(t)
	set := func(txn *Txn, i int) error { return txn.Set(numbered(i), nil) }
	get := func(txn *Txn, i int) error { return ignoreNotFound(second(txn.Get(numbered(i)))) }
	for _, tt := range []struct {
		name  string
		do    func(*Txn, int) error
		limit int
	}{{"reads", get, MaxTxnReads}, {"writes", set, MaxTxnWrites}} {
		for _, over := range []bool{false, true} {
			txn := mustBegin(t, db)
			for i := range tt.limit {
				if err := tt.do(txn, i); err != nil {
					t.Fatalf("%s: number %d: %v", tt.name, i, err)
				}
			}
			var want error
			if over {
				want = ErrTxnTooLarge
				if err := tt.do(txn, tt.limit); !errors.Is(err, want) {
					t.Errorf("%s: one over the limit: %v", tt.name, err)
				}
			}
			if err := txn.Commit(); !errors.Is(err, want) {
				t.Errorf("%s: commit, over the limit %v: %v", tt.name, over, err)
			}
		}
	}
	if n := db.Len(); n != MaxTxnWrites {
		t.Errorf("got %d keys, want %d", n, MaxTxnWrites)
	}
}

func TestTxnsOpen(t *testing.T) {
	db := openShared(t)
	for round := range 2 {
		var txns []*Txn
		for i := range MaxInteractiveTxns {
			txn := mustBegin(t, db)
			txns = append(txns, txn)
			if err := txn.Set(fmt.Appendf(nil, "%d", i), []byte("v")); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := db.Begin(); !errors.Is(err, ErrTooManyTxns) {
			t.Errorf("one more: got %v, want ErrTooManyTxns", err)
		}
		for i, txn := range txns {
			end := txn.Commit
			if round == 1 {
				end = txn.Abort
			}
			if err := end(); err != nil {
				t.Errorf("end of transaction %d: %v", i, err)
			}
		}
	}
	checkHeld(t, db, MaxInteractiveTxns, MaxInteractiveTxns*blockBytes(3, 1))
}
