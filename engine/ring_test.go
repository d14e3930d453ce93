package engine

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"bpfdb/engine/redolog"
	"bpfdb/engine/redolog/faultfs"
)

// reopen closes an engine and opens another on its directory.
func reopen(t *testing.T, db *DB) *DB {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, db.options)
}

// contents is what the engine holds of some keys, "" for nothing, and how many there are in all.
func contents(t *testing.T, db *DB, keys []string) map[string]string {
	t.Helper()
	all := map[string]string{"how many": fmt.Sprint(db.Len())}
	for _, key := range keys {
		value, err := db.Get([]byte(key))
		if err != nil && !errors.Is(err, ErrNotFound) {
			t.Fatal(err)
		}
		all[key] = string(value)
	}
	return all
}

func sameContents(t *testing.T, got, want map[string]string) {
	t.Helper()
	for key, value := range want {
		if got[key] != value {
			t.Errorf("%s: %d bytes %.30q, want %d bytes %.30q", key, len(got[key]), got[key], len(value), value)
		}
	}
}

// TestRingWraps sends half as much again as the ring holds through it, in values of all sizes up to the largest and
// in transactions, so that records come to lie across the ends of its segments and of the ring.
func TestRingWraps(t *testing.T) {
	db := durable(t, t.TempDir(), DurabilityAsync)
	random := rand.New(rand.NewPCG(1, 1))
	block := bytes.Repeat([]byte("0123456789abcdef"), MaxValue/16)
	var keys []string
	for i := range 300 {
		keys = append(keys, fmt.Sprint(strings.Repeat("k", random.IntN(MaxKey-3)), i))
	}
	for sent := 0; sent < defaultLogBytes*3/2; {
		txn, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		for range 1 + random.IntN(12) {
			key := []byte(keys[random.IntN(len(keys))])
			value := block[random.IntN(16):]
			value = value[:[]int{MaxValue - 16, random.IntN(MaxValue - 16), random.IntN(200)}[random.IntN(3)]]
			if random.IntN(9) == 0 {
				_, err = txn.Delete(key)
			} else {
				err = txn.Set(key, value)
			}
			if err != nil {
				t.Fatal(err)
			}
			sent += len(key) + len(value)
		}
		// It conflicts with nobody, but when the ring or the heap is full.
		if err := txn.Commit(); err != nil && !errors.Is(err, ErrConflict) {
			t.Fatal(err)
		}
		if err := db.Set([]byte(keys[random.IntN(len(keys))]), block); err != nil { // the largest
			t.Fatal(err)
		}
		sent += len(block)
	}
	want := contents(t, db, keys)
	sameContents(t, contents(t, reopen(t, db), keys), want)
}

// TestLargestTransactions commits as many keys and as many bytes as a transaction may, and one more.
func TestLargestTransactions(t *testing.T) {
	db := durable(t, t.TempDir(), DurabilitySync)
	many := func(n, size int) error {
		txn, err := db.Begin()
		if err != nil {
			return err
		}
		for i := range n {
			value := bytes.Repeat([]byte{byte(n), byte(size)}, size/2)
			if err := txn.Set(fmt.Appendf(nil, "key%05d", i), value); err != nil {
				return errors.Join(err, txn.Abort())
			}
		}
		return txn.Commit()
	}
	// An entry has 8 bytes of header and 8 of key; together with the record's header these are 16 MiB exactly.
	const entries = 1023
	const size = (redolog.MaxRecordBytes-redolog.RecordHeaderBytes)/entries - 16
	if err := many(MaxTxnWrites, 8); err != nil {
		t.Errorf("%d keys: %v", MaxTxnWrites, err)
	}
	if err := many(MaxTxnWrites+1, 8); !errors.Is(err, ErrTxnTooLarge) {
		t.Errorf("%d keys: %v", MaxTxnWrites+1, err)
	}
	if err := many(entries, size); err != nil {
		t.Errorf("%d keys of %d bytes: %v", entries, size, err)
	}
	if err := many(entries, size+8); !errors.Is(err, ErrTxnLog) {
		t.Errorf("%d keys of %d bytes: %v", entries, size+8, err)
	}
	last := fmt.Appendf(nil, "key%05d", entries-1)
	before, err := db.Get(last)
	if err != nil || len(before) != size {
		t.Fatalf("%d bytes, %v", len(before), err)
	}
	db = reopen(t, db)
	if after, err := db.Get(last); !bytes.Equal(after, before) || err != nil || db.Len() != MaxTxnWrites {
		t.Errorf("after a restart: %d bytes, %v, %d keys", len(after), err, db.Len())
	}
}

// TestFullRing holds the disk up until the ring is full: writers then wait, those of large transactions too, and
// when it goes on all of them get through. After the limit of that wait they are told.
func TestFullRing(t *testing.T) {
	gate := faultfs.NewGate(redolog.OS(t.TempDir()))
	db := open(t, Options{
		Dir: "behind the gate", FS: gate, Durability: DurabilityAsync, AsyncWindow: maxAsyncWindow,
		MemoryBytes: 512 << 20,
	})
	t.Cleanup(gate.Release) // before it is closed
	gate.Hold(true)
	block := bytes.Repeat([]byte("f"), MaxValue)
	var writers sync.WaitGroup
	var mu sync.Mutex
	written := 0
	for w := range 4 {
		writers.Go(func() { // ends after so many writes
			for i := range 320 { // 80 MiB in all
				if err := db.Set(fmt.Appendf(nil, "w%d %d", w, i), block); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				written++
				mu.Unlock()
			}
		})
	}
	full := func() bool { return db.Stats().Counters["log_refused"] > 0 }
	for end := time.Now().Add(waitLimit / 2); !full() && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	mu.Lock()
	t.Logf("the ring was full after %d writes", written)
	if !full() || written < defaultLogBytes/MaxValue/2 || written > 4*320-100 {
		t.Errorf("full: %v, after %d writes", full(), written)
	}
	mu.Unlock()
	gate.Release()
	writers.Wait()
	db = reopen(t, db)
	if db.Len() != 4*320 {
		t.Errorf("%d keys after a restart", db.Len())
	}
}

// TestLoggedFromEverywhere commits from timers in softirq, from programs in process context and from Go at once.
func TestLoggedFromEverywhere(t *testing.T) {
	db := durable(t, t.TempDir(), DurabilityAsync)
	const keys = 8
	s := startSoftirq(t, db, keys, 3000, 20*time.Microsecond)
	var names []string
	for i := range 40 {
		names = append(names, fmt.Sprint("go", i))
	}
	var writers sync.WaitGroup
	for w := range 2 {
		writers.Go(func() { // ends after so many writes
			random := rand.New(rand.NewPCG(uint64(w), 0))
			for range 3000 {
				key := []byte(names[random.IntN(len(names))])
				var err error
				if random.IntN(4) == 0 {
					_, err = db.Delete(key)
				} else {
					err = db.Set(key, fmt.Appendf(nil, "%x", random.Uint64()))
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	writers.Wait()
	calls := s.stop(t)
	for i := range uint64(keys) {
		names = append(names, string(binary.LittleEndian.AppendUint64(nil, i)))
	}
	want := contents(t, db, names)
	t.Logf("%d calls from softirq, %s keys", calls, want["how many"])
	s.collection.Close()
	sameContents(t, contents(t, reopen(t, db), names), want)
}
