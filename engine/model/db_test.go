package model

import (
	"bytes"
	"errors"
	"testing"
)

func key(n int) []byte { return bytes.Repeat([]byte{'k'}, n) }

func TestLimits(t *testing.T) {
	db := NewDB()
	largest := bytes.Repeat([]byte{'v'}, MaxValueBytes)
	if err := db.Set(key(MaxKeyBytes), largest); err != nil {
		t.Fatal(err)
	}
	if got, found, err := db.Get(key(MaxKeyBytes)); !found || err != nil || !bytes.Equal(got, largest) {
		t.Fatalf("got %d bytes, %v, %v", len(got), found, err)
	}
	if err := db.Set(nil, append(largest, 'v')); !errors.Is(err, ErrValueTooLarge) {
		t.Errorf("set of a large value: %v", err)
	}
	if err := db.Set(key(MaxKeyBytes+1), nil); !errors.Is(err, ErrKeyTooLarge) {
		t.Errorf("set of a large key: %v", err)
	}
	if _, _, err := db.Get(key(MaxKeyBytes + 1)); !errors.Is(err, ErrKeyTooLarge) {
		t.Errorf("get of a large key: %v", err)
	}
	if _, err := db.Delete(key(MaxKeyBytes + 1)); !errors.Is(err, ErrKeyTooLarge) {
		t.Errorf("delete of a large key: %v", err)
	}
	if db.Len() != 1 {
		t.Errorf("%d keys, want 1", db.Len())
	}
}

// TestCopies checks that callers may do what they like with the slices they pass and get.
func TestCopies(t *testing.T) {
	db := NewDB()
	value := []byte("old")
	if err := db.Set([]byte("k"), value); err != nil {
		t.Fatal(err)
	}
	copy(value, "new")
	got, _, _ := db.Get([]byte("k"))
	copy(got, "bad")
	if again, _, _ := db.Get([]byte("k")); string(again) != "old" {
		t.Errorf("the value became %q", again)
	}
}

func TestTransactionOver(t *testing.T) {
	for name, end := range map[string]func(*Txn) error{"commit": (*Txn).Commit, "abort": (*Txn).Abort} {
		txn := NewDB().Begin()
		if err := end(txn); err != nil {
			t.Fatal(err)
		}
		_, _, getErr := txn.Get(nil)
		_, deleteErr := txn.Delete(nil)
		for _, err := range []error{getErr, deleteErr, txn.Set(nil, nil), txn.Commit(), txn.Abort()} {
			if !errors.Is(err, ErrDone) {
				t.Errorf("after %s: %v", name, err)
			}
		}
	}
}

// TestConflicts runs one transaction and what others commit before it does.
func TestConflicts(t *testing.T) {
	var (
		get    = func(t *Txn) { t.Get([]byte("k")) }
		set    = func(t *Txn) { t.Set([]byte("k"), []byte("v")) }
		remove = func(t *Txn) { t.Delete([]byte("k")) }

		elsewhere = func(t *Txn) { t.Set([]byte("another"), nil) }
	)
	for _, test := range []struct {
		name      string
		present   bool
		mine      []func(*Txn)
		others    []func(*Txn)
		conflicts bool
	}{
		{"read, written", true, ops(get, elsewhere), ops(set), true},
		{"read, deleted", true, ops(get, elsewhere), ops(remove), true},
		{"read, deleted and written", true, ops(get, elsewhere), ops(remove, set), true},
		{"read, read", true, ops(get), ops(get), false},
		{"missing, written", false, ops(get, elsewhere), ops(set), true},
		{"only read, written", true, ops(get), ops(set), false},
		{"missing, deleted", false, ops(get), ops(remove), false},
		{"missing, written and deleted", false, ops(get), ops(set, remove), false},
		{"written, written", true, ops(set), ops(set), false},
		{"deleted, written", true, ops(remove), ops(set), true},
		{"written and read, written", true, ops(set, get), ops(set), false},
		{"read and written, written", true, ops(get, set), ops(set), true},
	} {
		db := NewDB()
		if test.present {
			db.Set([]byte("k"), []byte("v"))
		}
		txn := db.Begin()
		for _, op := range test.mine {
			op(txn)
		}
		for _, op := range test.others {
			other := db.Begin()
			op(other)
			if err := other.Commit(); err != nil {
				t.Fatal(err)
			}
		}
		if err := txn.Commit(); errors.Is(err, ErrConflict) != test.conflicts {
			t.Errorf("%s: commit returned %v", test.name, err)
		}
	}
}

func ops(list ...func(*Txn)) []func(*Txn) { return list }
