package engine

import (
	"errors"
	"testing"
)

// TestIndexGrows inserts a million keys while the maintainer splits buckets.
func TestIndexGrows(t *testing.T) {
	const keys, step = 1_000_000, 100_000
	db := open(t, Options{MemoryBytes: 8 * segmentBytes})
	for at := 0; at < keys; at += step {
		if _, err := fill(db, at, at+step, 10); err != nil {
			t.Fatal(err)
		}
	}
	for at := 0; at < keys; at += step {
		checkFilled(t, db, at, at+step, 10)
	}
	if err := db.Grow(); err != nil {
		t.Fatal(err)
	}
	s := db.Stats()
	if s.Keys != keys {
		t.Errorf("got %d keys, want %d", s.Keys, keys)
	}
	if load := float64(keys) / float64(db.buckets()); load > targetLoadTenths/10.0 {
		t.Errorf("%.2f keys per bucket, want at most %v", load, targetLoadTenths/10.0)
	}
	if got, want := s.Counters["splits"], db.buckets()-1<<firstLevel; got != want {
		t.Errorf("%d splits counted for %d buckets added", got, want)
	}
}

// TestIndexFull fills the index to its memory limit and beyond: it stops growing, and keys
// are found in longer chains.
func TestIndexFull(t *testing.T) {
	db := open(t, Options{MemoryBytes: minMemory})
	n := fillToLimit(t, db, 0, 0)
	if got := db.buckets(); got != db.control.at(0).IndexMax {
		t.Errorf("%d keys in %d buckets, want the most allowed, %d", n, got, db.control.at(0).IndexMax)
	}
	checkFilled(t, db, 0, n, 0)
}

// TestHashFlood writes keys that collide wholly, which takes the hash's secret. Each write
// must succeed or be refused after a bounded number of attempts, from Go and from serve().
func TestHashFlood(t *testing.T) {
	db := openTest(t)
	c := newClient(t, db, 1)
	keys := collideWholly(db, 128)
	in, grown := 0, uint64(0)
	for most := db.control.at(0).IndexMax / splitBatch; in < len(keys) && grown <= most; {
		c.load([]byte(bulk("SET", string(keys[in]), string(keys[in]))))
		if c.call() != engineServeStatusSERVE_GROW {
			in++
			continue
		}
		grown++
		if err := db.Grow(); err != nil {
			t.Fatal(err)
		}
	}
	if in < len(keys) {
		t.Fatalf("write %d still asks to grow after %d times", in, grown)
	}
	for _, key := range keys {
		if err := db.Set(key, key); err != nil && !errors.Is(err, ErrOutOfMemory) {
			t.Error(err)
		}
	}
	checkValues(t, db, keys[:db.Len()])
}
