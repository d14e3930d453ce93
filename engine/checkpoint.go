package engine

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"bpfdb/engine/redolog"
)

// Checkpoint is a checkpoint that was written.
type Checkpoint struct {
	LSN      uint64 // it holds what all commits up to this one have left
	Keys     uint64
	Bytes    uint64 // of keys and values, with their headers
	Finished time.Time
	Duration time.Duration
}

const (
	scanBuckets  = 64   // of one program run, which a kernel without preemption does not interrupt
	scanPatience = 1000 // looks at a bucket that stays locked
	// How one written unasked gives way to clients, and how soon another is tried after one.
	checkpointNice  = 10
	checkpointSlice = 100 * time.Microsecond // v6.12: what it may run before a client that wakes up does
	checkpointRetry = 10 * time.Second
)

// checkpoints is what a DB knows of its checkpoints.
type checkpoints struct {
	running  sync.Mutex
	canceled atomic.Bool

	mu struct {
		sync.Mutex
		last  Checkpoint
		err   error // of the last attempt
		tried time.Time
		busy  bool
	}
}

// LastCheckpoint is the last checkpoint written since Open, the error of the last attempt, and whether one is
// being written.
func (db *DB) LastCheckpoint() (last Checkpoint, err error, running bool) {
	c := &db.checkpoints.mu
	c.Lock()
	defer c.Unlock()
	return c.last, c.err, c.busy
}

// Checkpoint writes the state of this instant to Options.Dir, while everybody goes on, and removes the log
// that recovery no longer needs. ErrNoDirectory without one, ErrCheckpointRunning when another is being written.
func (db *DB) Checkpoint() (Checkpoint, error) {
	if err := db.beginCheckpoint(); err != nil {
		return Checkpoint{}, err
	}
	return db.endCheckpoint()
}

// beginCheckpoint counts one as being written, for endCheckpoint to write.
func (db *DB) beginCheckpoint() error {
	c := &db.checkpoints
	if db.files == nil {
		return ErrNoDirectory
	}
	if !c.running.TryLock() {
		return ErrCheckpointRunning
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.busy, c.mu.tried = true, time.Now()
	return nil
}

func (db *DB) endCheckpoint() (Checkpoint, error) {
	c := &db.checkpoints
	defer c.running.Unlock()
	written, err := db.checkpoint()
	if err != nil {
		err = fmt.Errorf("checkpoint: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.busy, c.mu.err = false, err
	if err == nil {
		c.mu.last = written
	}
	return written, err
}

func (db *DB) checkpoint() (done Checkpoint, err error) {
	start := time.Now()
	// Not interactive: no disk is so slow that the snapshot may be taken away.
	snapshot, err := db.begin(txnSnapshot | txnReadOnly)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, snapshot.Abort()) }()
	done.LSN = atomic.LoadUint64(&db.control.at(0).Snapshot[snapshot.mu.txn-1])
	logged := uint64(0)
	if db.pump != nil {
		if err := db.pump.waitMoved(done.LSN); err != nil {
			return done, err
		}
		logged = db.pump.written.Load()
	}
	file, err := db.files.CreateCheckpoint(done.LSN)
	if err != nil {
		return done, err
	}
	if err := db.scan(snapshot, file, &done); err != nil {
		return done, errors.Join(err, file.Abort())
	}
	if err := file.Commit(); err != nil {
		return done, err
	}
	if db.pump != nil {
		db.pump.written.Add(-logged)
	}
	done.Finished, done.Duration = time.Now(), time.Since(start)
	return done, db.files.Truncate(done.LSN)
}

// scan writes all that the snapshot sees to the file.
func (db *DB) scan(snapshot *Txn, file *redolog.CheckpointWriter, done *Checkpoint) error {
	area, err := db.ClaimArea()
	if err != nil {
		return err
	}
	defer area.Release()
	for from, busy := uint64(0), 0; from < db.buckets(); {
		if db.checkpoints.canceled.Load() {
			return ErrClosed
		}
		args := engineScanArgs{
			Token: snapshot.token, Txn: snapshot.mu.txn, Scratch: area.id,
			From: from, Count: uint32(min(db.buckets()-from, scanBuckets)),
		}
		if err := call(db.programs.Scan, &args); err != nil {
			return err
		}
		if args.Result == 0 && args.Error != 0 {
			if busy++; unix.Errno(-args.Error) != unix.EBUSY || busy > scanPatience {
				return operatorError(args.Error)
			}
			Backoff(busy)
			continue
		}
		busy, from = 0, from+uint64(args.Result)
		if err := db.scanCopy(area, &args, file, done); err != nil {
			return err
		}
	}
	return nil
}

// scanCopy writes the versions that args has listed.
func (db *DB) scanCopy(area *Area, args *engineScanArgs, file *redolog.CheckpointWriter, done *Checkpoint) error {
	for args.Copied < args.Listed {
		before := args.Copied
		if err := call(db.programs.Scan, args); err != nil {
			return err
		}
		if args.Error != 0 || args.Copied == before {
			return operatorError(args.Error)
		}
		entries := area.TakeOutput()
		clearPadding(entries)
		if err := file.Append(entries, int(args.Copied-before)); err != nil {
			return err
		}
		done.Keys += uint64(args.Copied - before)
		done.Bytes += uint64(len(entries))
	}
	return nil
}

// clearPadding clears what lies between entries: the kernel copies whole words.
func clearPadding(entries []byte) {
	for at := 0; at < len(entries); {
		e := (*engineLogEntry)(unsafe.Pointer(&entries[at]))
		at += redolog.EntryHeaderBytes + (int(e.KeyLen)+7)&^7 + int(e.ValueLen)
		for ; at&7 != 0; at++ {
			entries[at] = 0
		}
	}
}

// BackgroundCheckpoint writes a checkpoint with what processor time others leave, and calls done. From its return until
// then LastCheckpoint says that one is being written.
func (db *DB) BackgroundCheckpoint(done func(Checkpoint, error)) {
	if err := db.beginCheckpoint(); err != nil {
		done(Checkpoint{}, err)
		return
	}
	go func() { // ends with the checkpoint; its thread, of low priority for good, ends with it
		runtime.LockOSThread()
		// It may as well run at the usual priority.
		_ = unix.SchedSetAttr(0, &unix.SchedAttr{
			Size: unix.SizeofSchedAttr, Nice: checkpointNice, Runtime: uint64(checkpointSlice),
		}, 0)
		done(db.endCheckpoint())
	}()
}

// checkpointWhenLong writes a checkpoint in the background when the log has become long: recovery then takes
// no longer than loading about twice the data.
func (db *DB) checkpointWhenLong(logBytes uint64) {
	if logBytes < db.options.CheckpointBytes {
		return
	}
	c := &db.checkpoints.mu
	c.Lock()
	wait := c.busy || logBytes < c.last.Bytes || time.Since(c.tried) < checkpointRetry
	c.Unlock()
	if wait {
		return
	}
	db.BackgroundCheckpoint(func(_ Checkpoint, err error) {
		if err != nil && !errors.Is(err, ErrCheckpointRunning) && !errors.Is(err, ErrClosed) {
			db.warn(err)
		}
	})
}
