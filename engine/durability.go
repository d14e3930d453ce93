package engine

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"bpfdb/engine/redolog"
)

// Durability says what a commit is worth when its call returns.
type Durability string

// The durabilities. All but DurabilityNone need Options.Dir.
const (
	// DurabilityNone keeps no redo log: what is stored ends with the engine, but for checkpoints if there is
	// a directory for them.
	DurabilityNone Durability = "none"
	// DurabilityAsync acknowledges a commit at once and makes it durable soon: a crash loses at most what was
	// committed within the last Options.AsyncWindow.
	DurabilityAsync Durability = "async"
	// DurabilitySync acknowledges a commit, and answers a read that saw it, when it is on disk.
	DurabilitySync Durability = "sync"
)

// Durabilities lists them all.
func Durabilities() []Durability {
	return []Durability{DurabilityNone, DurabilityAsync, DurabilitySync}
}

const (
	defaultAsyncWindow     = time.Second
	minAsyncWindow         = 10 * time.Millisecond
	maxAsyncWindow         = time.Hour
	defaultLogBytes        = 64 << 20
	logSegmentBytes        = 1 << 24 // BPFDB_LOG_SEGMENT_SIZE
	minLogBytes            = 4 * logSegmentBytes
	maxLogBytes            = 64 * logSegmentBytes // BPFDB_MAX_LOG_SEGMENTS
	defaultCheckpointBytes = 256 << 20
	// NoCheckpoints as Options.CheckpointBytes leaves checkpoints to Checkpoint.
	NoCheckpoints = 1 << 62
)

// logged tells whether there is a redo log.
func (o Options) logged() bool { return o.Durability != DurabilityNone }

func (o Options) withLogDefaults() Options {
	if o.Durability == "" {
		o.Durability = DurabilityNone
	}
	if o.AsyncWindow == 0 {
		o.AsyncWindow = defaultAsyncWindow
	}
	if o.LogBytes == 0 {
		o.LogBytes = defaultLogBytes
	}
	if o.CheckpointBytes == 0 {
		o.CheckpointBytes = defaultCheckpointBytes
	}
	return o
}

// validateLog reports the first option of durability that is wrong.
func (o Options) validateLog() error {
	switch {
	case !slices.Contains(Durabilities(), o.Durability):
		return fmt.Errorf("%w: durability %q, must be one of %v", ErrOptions, o.Durability, Durabilities())
	case o.logged() && o.Dir == "":
		return fmt.Errorf("%w: durability %s needs a directory", ErrOptions, o.Durability)
	case o.AsyncWindow < minAsyncWindow || o.AsyncWindow > maxAsyncWindow:
		return fmt.Errorf("%w: async window %v, must be %v to %v",
			ErrOptions, o.AsyncWindow, minAsyncWindow, maxAsyncWindow)
	case o.LogBytes < minLogBytes || o.LogBytes > maxLogBytes || o.LogBytes&(o.LogBytes-1) != 0:
		return fmt.Errorf("%w: log buffer of %d bytes, must be a power of two, %d to %d",
			ErrOptions, o.LogBytes, uint64(minLogBytes), uint64(maxLogBytes))
	}
	return nil
}

// warn passes on what goes wrong where nobody waits for an answer.
func (db *DB) warn(err error) {
	if db.options.Warn != nil {
		db.options.Warn(err)
	}
}

// LogStats is the state of the redo log.
type LogStats struct {
	On           bool
	LSN          uint64 // of the last commit
	Durable      uint64 // all commits up to this LSN are on disk
	PendingBytes uint64 // of the kernel's buffer that wait to be written
	Bytes        uint64 // written since the last checkpoint began
	Err          error  // why the log cannot be written, nil if it can
}

// Log reads the state of the redo log.
func (db *DB) Log() LogStats {
	c := db.control.at(0)
	s := LogStats{LSN: atomic.LoadUint64(&c.Clock)}
	p := db.pump
	if p == nil {
		return s
	}
	s.On, s.Durable, s.Bytes = true, atomic.LoadUint64(&c.Durable), p.written.Load()
	s.PendingBytes = (s.LSN - min(s.LSN, atomic.LoadUint64(&c.LogTail))) * logLine
	if failure := p.failure.Load(); failure != nil {
		s.Err = *failure
	} else if errno := atomic.LoadUint64(&c.LogFailed); errno != 0 {
		s.Err = fmt.Errorf("%w: %w", ErrLogFailed, unix.Errno(errno))
	}
	return s
}

// closeLog makes everything durable and closes the log; nobody may use the engine any more.
func (db *DB) closeLog() error {
	switch {
	case db.pump != nil:
		err := db.pump.stop()
		return errors.Join(append(db.pump.ring.close(), err)...)
	case db.files != nil:
		return db.files.Close()
	}
	return nil
}

func (o Options) logOptions() redolog.Options {
	return redolog.Options{Dir: o.Dir, FS: o.FS}
}
