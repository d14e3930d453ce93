package engine

import (
	"fmt"
	"sync/atomic"
	"time"

	"bpfdb/engine/redolog"
)

// WaitDurable returns when the commit with this LSN, and all before it, are on disk; at once without a redo
// log. ErrLogFailed when they cannot be, ErrLogStalled when the disk takes too long: nothing is known
// then of what was not durable yet.
func (db *DB) WaitDurable(lsn uint64) error {
	if db.Durable(lsn) {
		return nil
	}
	return db.pump.waitDurable(lsn)
}

// Durable tells whether the commit with this LSN, and all before it, are known to be on disk, or will never
// have to be.
func (db *DB) Durable(lsn uint64) bool {
	return db.pump == nil || atomic.LoadUint64(&db.control.at(0).Durable) >= lsn
}

// waitSync waits for a commit, or what a read depends on, where durability is synchronous.
func (db *DB) waitSync(lsn uint64) error {
	if db.options.Durability != DurabilitySync || lsn == 0 {
		return nil
	}
	return db.WaitDurable(lsn)
}

// PollDurable does what WaitDurable does, but ErrLogHeld instead of waiting until a disk that takes nothing now
// does again.
func (db *DB) PollDurable(lsn uint64) error {
	if db.Durable(lsn) {
		return nil
	}
	return db.pump.wait(db.pump.durable(lsn), true)
}

// waitDurable does the work itself when nobody else is at it: whoever comes to wait meanwhile has its
// commit in the next group, which saves waking a thread for each (group commit, led by a waiter).
func (p *logPump) waitDurable(lsn uint64) error { return p.wait(p.durable(lsn), false) }

func (p *logPump) durable(lsn uint64) func() bool {
	return func() bool { return atomic.LoadUint64(&p.control.Durable) >= lsn }
}

// waitMoved waits until all commits up to lsn have been written, durable or not. ErrLogHeld where they cannot be now.
func (p *logPump) waitMoved(lsn uint64) error {
	return p.wait(func() bool { return atomic.LoadUint64(&p.control.LogTail) >= lsn }, true)
}

// WaitLog returns when the redo log has room again for a commit that was refused (ServeLog), be it the largest.
// ErrLogStalled when the disk takes too long, ErrLogFailed when it takes nothing.
func (db *DB) WaitLog() error {
	p := db.pump
	if p == nil {
		return nil
	}
	return p.wait(p.hasRoom, true)
}

// LogReady tells whether a commit that was refused for lack of room in the redo log is worth another attempt: there
// is room, or the log takes nothing and says so.
func (db *DB) LogReady() bool {
	p := db.pump
	return p == nil || p.hasRoom() || atomic.LoadUint64(&p.control.LogFailed) != 0
}

func (p *logPump) hasRoom() bool {
	c := p.control
	until := atomic.LoadUint64(&c.LogUntil)
	return atomic.LoadUint64(&c.LogLimit) >= atomic.LoadUint64(&c.Clock)+redolog.MaxRecordBytes/logLine+1 &&
		(until == 0 || uint64(monotonic()) < until)
}

// wait moves commits until done says so. With held it gives up with ErrLogHeld where the disk takes nothing now.
func (p *logPump) wait(done func() bool, held bool) error {
	deadline := time.Now().Add(waitLimit)
	for n := 1; ; n++ {
		if done() {
			return nil
		}
		if !p.turn.takeBefore(deadline) {
			return fmt.Errorf("%w for %v: a write or fsync has not returned", ErrLogStalled, waitLimit)
		}
		if done() {
			p.turn.give()
			return nil
		}
		moved, err := p.moveLocked()
		p.turn.give()
		if failure := p.failure.Load(); failure != nil {
			return *failure
		}
		if held && atomic.LoadUint64(&p.control.LogFailed) != 0 {
			return ErrLogHeld
		}
		if p.window > 0 {
			p.wantSync()
		}
		if !time.Now().Before(deadline) {
			return fmt.Errorf("%w for %v: %w", ErrLogStalled, waitLimit, errOrBusy(err))
		}
		if !moved {
			Backoff(n)
		}
	}
}

func errOrBusy(err error) error {
	if err == nil {
		return ErrContention
	}
	return err
}
