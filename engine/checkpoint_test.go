package engine

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"bpfdb/engine/redolog"
	"bpfdb/engine/redolog/faultfs"
)

// loadCopy is what the newest checkpoint in a copy of the directory holds.
func loadCopy(t *testing.T, dir string) map[string]string {
	t.Helper()
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	log, recovery, err := redolog.Open(redolog.Options{Dir: copied})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	all := map[string]string{}
	if err := recovery.Load(1, func(_ int, entries redolog.Entries) error {
		for e := range entries.All() {
			all[string(e.Key)] = string(e.Value)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestCheckpointsUnderLoad has money moved, keys added, which makes the index grow, and others deleted and everything
// else flushed while checkpoints are written: each must hold one instant.
func TestCheckpointsUnderLoad(t *testing.T) {
	dir := t.TempDir()
	db := durable(t, dir, DurabilityAsync)
	for i := range accounts {
		if err := db.Set(account(i), []byte("100")); err != nil {
			t.Fatal(err)
		}
	}
	stop := make(chan struct{})
	var writers sync.WaitGroup
	var copying sync.RWMutex // a log that is written to while it is copied is none
	work := func(f func(*rand.Rand, int) error) {
		writers.Go(func() { // ends when stopped
			random := rand.New(rand.NewPCG(7, 7))
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				copying.RLock()
				err := f(random, n)
				copying.RUnlock()
				if err != nil && !errors.Is(err, ErrConflict) {
					t.Error(err)
					return
				}
			}
		})
	}
	work(func(random *rand.Rand, _ int) error { return move(db, random) })
	work(func(_ *rand.Rand, n int) error {
		if _, err := db.Delete(fmt.Appendf(nil, "extra%d", n-1000)); err != nil {
			return err
		}
		return db.Set(fmt.Appendf(nil, "extra%d", n), []byte("x"))
	})
	var ops []Op
	for i := range 40000 {
		ops = append(ops, Op{Code: OpSet, Key: fmt.Appendf(nil, "key%d", i), Value: make([]byte, 50)})
	}
	writers.Go(func() { // ends after 10 times as many keys
		for n := range 10 {
			for i := range ops {
				ops[i].Key = fmt.Appendf(nil, "key%d.%d", n, i)
			}
			copying.RLock()
			_, err := db.Batch(ops)
			copying.RUnlock()
			if err != nil {
				t.Error(err)
			}
		}
	})
	for range 4 {
		done, err := db.Checkpoint()
		if err != nil {
			t.Fatal(err)
		}
		copying.Lock()
		err = db.pump.waitMoved(db.Log().LSN)
		all := loadCopy(t, dir)
		copying.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		sum := 0
		for i := range accounts {
			n, _ := strconv.Atoi(all[string(account(i))])
			sum += n
		}
		if sum != 100*accounts {
			t.Errorf("checkpoint %d: the accounts have %d together", done.LSN, sum)
		}
		if uint64(len(all)) > done.Keys {
			t.Errorf("checkpoint %d: %d keys, said to be %d", done.LSN, len(all), done.Keys)
		}
	}
	close(stop)
	writers.Wait()
	total := db.Len()
	db = reopen(t, db)
	if db.Len() != total {
		t.Errorf("%d keys after a restart, want %d", db.Len(), total)
	}
}

// move moves a unit from one account to another.
func move(db *DB, random *rand.Rand) error {
	txn, err := db.Begin()
	if err != nil {
		return err
	}
	defer txn.Abort()
	from := random.IntN(accounts)
	to := (from + 1 + random.IntN(accounts-1)) % accounts
	for i, delta := range map[int]int{from: -1, to: 1} {
		text, err := txn.Get(account(i))
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(string(text))
		if err != nil {
			return err
		}
		if err := txn.Set(account(i), []byte(strconv.Itoa(n+delta))); err != nil {
			return err
		}
	}
	return txn.Commit()
}

// TestCheckpointAndFlush removes everything while checkpoints are written: each holds all or nothing.
func TestCheckpointAndFlush(t *testing.T) {
	dir := t.TempDir()
	db := durable(t, dir, DurabilityAsync)
	for n := range 4 {
		var ops []Op
		for i := range 20000 {
			ops = append(ops, Op{Code: OpSet, Key: fmt.Appendf(nil, "key%d", i), Value: make([]byte, 50)})
		}
		if _, err := db.Batch(ops); err != nil {
			t.Fatal(err)
		}
		flushed := make(chan error, 1)
		go func() { // ends with the FLUSHALL
			time.Sleep(time.Duration(n) * 5 * time.Millisecond)
			flushed <- db.FlushAll()
		}()
		if _, err := db.Checkpoint(); err != nil {
			t.Fatal(err)
		}
		if err := <-flushed; err != nil {
			t.Fatal(err)
		}
		if all := loadCopy(t, dir); len(all) != 0 && len(all) != len(ops) {
			t.Errorf("%d keys, want all or none of %d", len(all), len(ops))
		}
	}
	set(t, db, "last")
	db = reopen(t, db)
	has(t, db, "last")
	if db.Len() != 1 {
		t.Errorf("%d keys after a restart", db.Len())
	}
}

// TestCheckpointTwiceAndCanceled begins a second one while the first is held up, and closes the engine then.
func TestCheckpointTwiceAndCanceled(t *testing.T) {
	gate := faultfs.NewGate(redolog.OS(t.TempDir()))
	db := open(t, Options{Dir: "behind the gate", FS: gate, Durability: DurabilityAsync, MemoryBytes: 256 << 20,
		AsyncWindow: time.Hour})
	t.Cleanup(gate.Release)
	var ops []Op
	for i := range 40000 {
		ops = append(ops, Op{Code: OpSet, Key: fmt.Appendf(nil, "key%d", i), Value: make([]byte, 500)})
	}
	if _, err := db.Batch(ops); err != nil {
		t.Fatal(err)
	}
	if err := db.pump.waitMoved(db.Log().LSN); err != nil {
		t.Fatal(err)
	}
	gate.Hold(true)
	first := make(chan error, 1)
	db.BackgroundCheckpoint(func(_ Checkpoint, err error) { first <- err })
	for gate.Waiting() == 0 {
		time.Sleep(time.Millisecond)
	}
	for _, _, running := db.LastCheckpoint(); !running; _, _, running = db.LastCheckpoint() {
		time.Sleep(time.Millisecond)
	}
	if _, err := db.Checkpoint(); !errors.Is(err, ErrCheckpointRunning) {
		t.Errorf("a second one: %v", err)
	}
	db.checkpoints.canceled.Store(true) // as Close does first
	gate.Release()
	if err := <-first; !errors.Is(err, ErrClosed) {
		t.Errorf("canceled: %v", err)
	}
	db = reopen(t, db)
	if db.Len() != int64(len(ops)) || db.Recovered().Checkpoint != 0 {
		t.Errorf("%d keys, %+v", db.Len(), db.Recovered())
	}
}

// TestDamagedCheckpoint damages the newest one: recovery begins with the one before.
func TestDamagedCheckpoint(t *testing.T) {
	dir := t.TempDir()
	db := durable(t, dir, DurabilitySync)
	for _, key := range []string{"a", "b", "c"} {
		set(t, db, key)
		if _, err := db.Checkpoint(); err != nil {
			t.Fatal(err)
		}
	}
	set(t, db, "d")
	closeNow(t, db)
	files, err := filepath.Glob(filepath.Join(dir, "checkpoint-*.db"))
	if err != nil || len(files) != redolog.KeptCheckpoints {
		t.Fatal(files, err)
	}
	text, err := os.ReadFile(files[len(files)-1])
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(files[len(files)-1], text, 0o600); err != nil {
		t.Fatal(err)
	}
	db = durable(t, dir, DurabilitySync)
	has(t, db, "a", "b", "c", "d")
	if len(db.Recovered().Notes) != 1 {
		t.Errorf("notes: %q", db.Recovered().Notes)
	}
	if _, err := db.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	has(t, reopen(t, db), "a", "b", "c", "d")
}

// TestCheckpointBySize writes more log than one is to be written after.
func TestCheckpointBySize(t *testing.T) {
	db := open(t, Options{Dir: t.TempDir(), Durability: DurabilityAsync, MemoryBytes: 256 << 20, CheckpointBytes: 1 << 20})
	for i := range 40 {
		if err := db.Set(fmt.Appendf(nil, "key%d", i), make([]byte, MaxValue)); err != nil {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(waitLimit); ; time.Sleep(time.Millisecond) {
		last, err, _ := db.LastCheckpoint()
		if err != nil {
			t.Fatal(err)
		}
		if last.LSN > 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("no checkpoint was written")
		}
	}
}
