package engine

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestFlushAll empties a store again and again: all records go back to the heap. Overflow
// buckets stay with their bucket until a split, and are used again.
func TestFlushAll(t *testing.T) {
	db := openTest(t)
	for range 3 {
		if _, err := fill(db, 0, 50_000, 100); err != nil {
			t.Fatal(err)
		}
		for _, key := range collide(db, 3, maxChainKeys) {
			mustSet(t, db, key, key)
		}
		if err := db.FlushAll(); err != nil {
			t.Fatal(err)
		}
		checkHeld(t, db, 0, 8*64)
		if _, err := db.Get(numbered(1)); !errors.Is(err, ErrNotFound) {
			t.Errorf("after FlushAll: %v", err)
		}
	}
}

// TestFlushAllAtOnce reads two keys in one transaction while a third party flushes and
// writes both again in one: they are there together or not at all.
func TestFlushAllAtOnce(t *testing.T) {
	db := open(t, Options{})
	a, b := numbered(1), numbered(2)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for w := range 2 { // writers of other keys, until stop
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if err := db.Set(fmt.Appendf(nil, "%d/%d", w, i%5000), make([]byte, i%2000)); err != nil &&
					!errors.Is(err, ErrContention) {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Go(func() { // the reader, until stop
		seen := map[bool]int{}
		for {
			select {
			case <-stop:
				if seen[true] == 0 || seen[false] == 0 {
					t.Errorf("the reader saw both keys %d times and none %d times", seen[true], seen[false])
				}
				return
			default:
			}
			txn, err := db.Begin()
			if err != nil {
				t.Error(err)
				return
			}
			_, errA := txn.Get(a)
			time.Sleep(10 * time.Microsecond)
			_, errB := txn.Get(b)
			if txn.Commit() != nil {
				continue
			}
			seen[errA == nil]++
			if (errA == nil) != (errB == nil) {
				t.Errorf("one key without the other: %v, %v", errA, errB)
			}
		}
	})
	for until := time.Now().Add(time.Second); time.Now().Before(until); {
		txn := mustBegin(t, db)
		if err := errors.Join(txn.Set(a, a), txn.Set(b, b)); err != nil {
			t.Fatal(err)
		}
		if err := txn.Commit(); err != nil && !errors.Is(err, ErrConflict) {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
		if err := db.FlushAll(); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	wg.Wait()
	if err := db.FlushAll(); err != nil {
		t.Fatal(err)
	}
	checkHeld(t, db, 0, 0)
}

// TestFlushAllHalfDone stops FLUSHALL between its two steps, where a program in softirq may
// interrupt it: whoever has seen the old keys gone must not see a later write go as well.
func TestFlushAllHalfDone(t *testing.T) {
	db := openShared(t)
	mustSet(t, db, numbered(0), nil)
	control := db.control.at(0)
	control.FlushTs = ^uint64(0)
	_, readErr := db.Get(numbered(0))
	setErr := db.Set(numbered(1), nil)
	atomic.CompareAndSwapUint64(&control.FlushTs, ^uint64(0), atomic.AddUint64(&control.Clock, 1))
	if errors.Is(readErr, ErrNotFound) && setErr == nil {
		if _, err := db.Get(numbered(1)); err != nil {
			t.Errorf("a write after the flush was seen is lost: %v", err)
		}
	}
}
