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

// crowd works on an engine until it is stopped.
type crowd struct {
	t       *testing.T
	stop    chan struct{}
	writers sync.WaitGroup
	copying sync.RWMutex // a log that is written to while it is copied is none
}

// work has f called again and again.
func (c *crowd) work(f func(random *rand.Rand, n int) error) {
	c.writers.Go(func() { // ends when stopped
		random := rand.New(rand.NewPCG(7, 7))
		for n := 0; ; n++ {
			select {
			case <-c.stop:
				return
			default:
			}
			c.copying.RLock()
			err := f(random, n)
			c.copying.RUnlock()
			if err != nil && !errors.Is(err, ErrConflict) {
				c.t.Error(err)
				return
			}
		}
	})
}

// end stops them all.
func (c *crowd) end() {
	close(c.stop)
	c.writers.Wait()
}

// loadNow is what the newest checkpoint holds, copied while everybody waits.
func (c *crowd) loadNow(db *DB, dir string) map[string]string {
	c.t.Helper()
	c.copying.Lock()
	defer c.copying.Unlock()
	if err := db.pump.waitMoved(db.Log().LSN); err != nil {
		c.t.Fatal(err)
	}
	return loadCopy(c.t, dir)
}

// TestCheckpointsUnderLoad has money moved, keys added, which makes the index grow, and others deleted while
// checkpoints are written: each must hold one instant.
func TestCheckpointsUnderLoad(t *testing.T) {
	dir := t.TempDir()
	db := durable(t, dir, DurabilityAsync)
	for i := range accounts {
		if err := db.Set(account(i), []byte("100")); err != nil {
			t.Fatal(err)
		}
	}
	c := &crowd{t: t, stop: make(chan struct{})}
	c.work(func(random *rand.Rand, _ int) error { return move(db, random) })
	c.work(func(_ *rand.Rand, n int) error {
		if _, err := db.Delete(fmt.Appendf(nil, "extra%d", n-1000)); err != nil {
			return err
		}
		return db.Set(fmt.Appendf(nil, "extra%d", n), []byte("x"))
	})
	c.work(func(_ *rand.Rand, n int) error {
		if n >= 400 {
			return nil
		}
		var ops []Op
		for i := range 1000 {
			ops = append(ops, Op{Code: OpSet, Key: fmt.Appendf(nil, "key%d.%d", n, i), Value: make([]byte, 50)})
		}
		_, err := db.Batch(ops)
		return err
	})
	before := db.buckets()
	for n := 0; n < 4 || db.buckets() == before && n < 40; n++ {
		done, err := db.Checkpoint()
		if err != nil {
			t.Fatal(err)
		}
		sum, all := 0, c.loadNow(db, dir)
		for i := range accounts {
			n, _ := strconv.Atoi(all[string(account(i))])
			sum += n
		}
		if sum != 100*accounts || uint64(len(all)) > done.Keys {
			t.Errorf("checkpoint %d: the accounts have %d together; %d keys of %d", done.LSN, sum, len(all), done.Keys)
		}
	}
	c.end()
	if db.buckets() == before {
		t.Error("the index did not grow")
	}
	total := db.Len()
	if db = reopen(t, db); db.Len() != total {
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
	db := open(t, Options{
		Dir: t.TempDir(), Durability: DurabilityAsync, MemoryBytes: 256 << 20, CheckpointBytes: 1 << 20,
	})
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
