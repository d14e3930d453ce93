package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"bpfdb/internal/kerneltest"
)

// pinDir is a directory in a BPF filesystem of the test's own.
func pinDir(t *testing.T) string {
	t.Helper()
	kerneltest.Require(t, kerneltest.Root, kerneltest.BTF, kerneltest.MinKernel)
	return filepath.Join(kerneltest.BPFFS(t), "store")
}

func TestPinned(t *testing.T) {
	for _, d := range Durabilities() {
		t.Run(string(d), func(t *testing.T) {
			o := Options{Pin: pinDir(t), Durability: d, MemoryBytes: 256 << 20}
			if d != DurabilityNone {
				o.Dir = t.TempDir()
			}
			db := open(t, o)
			for i := range 1000 {
				if err := db.Set([]byte(fmt.Sprint("key", i)), []byte("value")); err != nil {
					t.Fatal(err)
				}
			}
			txn, err := db.Begin()
			if err == nil {
				err = txn.Set([]byte("never"), []byte("committed"))
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Open(o); !errors.Is(err, ErrPinned) {
				t.Fatalf("a second engine: %v", err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			db = open(t, o)
			t.Logf("%+v", db.Recovered())
			if !db.Recovered().Adopted || db.Len() != 1000 || db.Stats().Txns != 0 || db.Stats().Snapshots != 0 {
				t.Errorf("%+v, %+v", db.Recovered(), db.Stats())
			}
			if _, err := db.Get([]byte("never")); !errors.Is(err, ErrNotFound) {
				t.Errorf("an open transaction's write: %v", err)
			}
			if err := db.Set([]byte("key7"), []byte("new")); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(db.Unpin(), db.Close()); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(o.Pin); !os.IsNotExist(err) {
				t.Errorf("%s is left: %v", o.Pin, err)
			}
			if d == DurabilityNone {
				return
			}
			o.Pin = ""
			db = open(t, o)
			t.Logf("%+v", db.Recovered())
			if v, err := db.Get([]byte("key7")); string(v) != "new" || err != nil || db.Len() != 1000 {
				t.Errorf("%q %v, %d keys", v, err, db.Len())
			}
		})
	}
}
