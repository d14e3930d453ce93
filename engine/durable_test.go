package engine

import (
	"bytes"
	"fmt"
	"testing"
)

// durable opens an engine on a directory.
func durable(t *testing.T, dir string, d Durability) *DB {
	t.Helper()
	return open(t, Options{Dir: dir, Durability: d, MemoryBytes: 512 << 20, Warn: func(err error) { t.Log(err) }})
}

func TestDurable(t *testing.T) {
	for _, d := range Durabilities() {
		t.Run(string(d), func(t *testing.T) {
			dir := t.TempDir()
			db := durable(t, dir, d)
			value := bytes.Repeat([]byte("v"), 100)
			for i := range 20000 {
				if err := db.Set([]byte(fmt.Sprint("key", i)), value); err != nil {
					t.Fatal(err)
				}
			}
			if done, err := db.Delete([]byte("key7")); !done || err != nil {
				t.Fatal(done, err)
			}
			done, err := db.Checkpoint()
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%+v", done)
			if err := db.Set([]byte("late"), value); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			db = durable(t, dir, d)
			t.Logf("%+v", db.Recovered())
			want := int64(20000)
			if d == DurabilityNone {
				want--
			}
			if got := db.Len(); got != want {
				t.Errorf("%d keys, want %d", got, want)
			}
			if v, err := db.Get([]byte("key9")); err != nil || !bytes.Equal(v, value) {
				t.Errorf("%q %v", v, err)
			}
		})
	}
}
