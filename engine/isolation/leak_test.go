package isolation

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestLeak looks, after mixed transactions, aborts, cut connections and snapshots, for memory that belongs to nobody:
// after 20,000 of them, or at length after a million.
func TestLeak(t *testing.T) {
	atLeast := 20_000
	if checkTime(t) > 0 {
		atLeast = 1_000_000
	}
	d, workers := shared.open(t)
	rng := rand.New(rand.NewPCG(seedOf(t), 0))
	end := d.slowReader(t)
	total, lists := 0, map[uint64]bool{}
	for first := true; total < atLeast; first = false {
		s := &scene{seed: rng.Uint64(), firstKey: nextLists()}
		txns, err := d.round(s, workers, 1400)
		if err != nil {
			t.Fatal(err)
		}
		total += len(txns)
		for _, t := range txns {
			for _, a := range t.Accesses {
				lists[a.Key] = true
			}
		}
		if first {
			end()
		}
	}
	d.settle(t)
	audit, err := d.Audit()
	if err != nil {
		t.Errorf("after %d transactions: %v", total, err)
	}
	keys, used := d.contents(t, lists)
	if audit.Keys != keys || audit.Versions != 0 || audit.Lost != 0 || audit.Used != used+audit.Overflow*64 {
		t.Errorf("%d records in %d bytes can be read, memory holds %+v", keys, used, audit)
	}
	t.Logf("%d transactions, then %+v", total, audit)
}

// slowReader has old versions kept by a snapshot, which it uses often enough to stay open until end is called.
func (d *database) slowReader(t *testing.T) (end func()) {
	t.Helper()
	key := []byte("read slowly")
	if err := d.Set(key, []byte("old")); err != nil {
		t.Fatal(err)
	}
	slow, err := d.BeginReadOnly()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Set(key, []byte("new")); err != nil {
		t.Fatal(err)
	}
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() { // until end
		defer close(ended)
		for {
			if value, err := slow.Get(key); string(value) != "old" {
				t.Errorf("slow snapshot: got %q, %v, want what was there when it began", value, err)
			}
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
	return func() {
		close(stop)
		<-ended
		if d.Stats().Versions == 0 {
			t.Error("no version was kept for a slow snapshot")
		}
		if err := slow.Commit(); err != nil {
			t.Errorf("commit of a slow snapshot: %v", err)
		}
		if _, err := d.Delete(key); err != nil {
			t.Error(err)
		}
	}
}

// contents counts the lists there are, and the bytes of their blocks.
func (d *database) contents(t *testing.T, lists map[uint64]bool) (keys, used int64) {
	t.Helper()
	for key := range lists {
		list, err := readList(d.Get, key)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			continue
		}
		keys++
		block, step := int64(24+8+elementBytes*len(list)), int64(16) // header, key, value
		if block > 512 {
			step = 64
		}
		used += (block + step - 1) / step * step
	}
	return keys, used
}

// settle waits until the engine has aborted what was left open and freed what only snapshots needed.
func (d *database) settle(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		s := d.Stats()
		if s.Txns == 0 && s.Snapshots == 0 && s.Versions == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d transactions, %d snapshots and %d versions do not end", s.Txns, s.Snapshots, s.Versions)
		}
	}
}
