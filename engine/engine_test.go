package engine

import (
	"testing"

	"bpfdb/internal/kerneltest"
)

// open loads a small engine and closes it with the test.
func open(t testing.TB, options Options) *DB {
	t.Helper()
	kerneltest.Require(t, kerneltest.Root, kerneltest.BTF, kerneltest.MinKernel)
	if options.MemoryBytes == 0 {
		options.MemoryBytes = minMemory
	}
	db, err := Open(options)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// openQuiet opens an engine whose background work stands still.
func openQuiet(t testing.TB, options Options) *DB {
	t.Helper()
	db := open(t, options)
	db.maintainer.stop()
	db.maintainer.quit = nil
	return db
}

func mustSet(t testing.TB, db *DB, key, value []byte) {
	t.Helper()
	if err := db.Set(key, value); err != nil {
		t.Fatalf("Set of %q: %v", key, err)
	}
}

func mustBegin(t testing.TB, db *DB) *Txn {
	t.Helper()
	txn, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	return txn
}
