package engine

import (
	"fmt"
	"sync/atomic"
	"time"
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

// waitDurable does the work itself when nobody else is at it: whoever comes to wait meanwhile has its
// commit in the next group, which saves waking a thread for each (group commit, led by a waiter).
func (p *logPump) waitDurable(lsn uint64) error {
	return p.wait(func() bool { return atomic.LoadUint64(&p.control.Durable) >= lsn }, func() error {
		if p.window == 0 {
			return nil
		}
		return p.sync()
	})
}

// waitMoved waits until all commits up to lsn have been written, durable or not.
func (p *logPump) waitMoved(lsn uint64) error {
	return p.wait(func() bool { return p.ring.at >= lsn }, func() error { return nil })
}

// WaitLog returns when the redo log has room again for a commit that was refused (ServeLog).
// ErrLogStalled when the disk takes too long, ErrLogFailed when it will take nothing more.
func (db *DB) WaitLog() error {
	p := db.pump
	if p == nil {
		return nil
	}
	room := func() bool {
		return atomic.LoadUint64(&p.control.LogLimit) > atomic.LoadUint64(&p.control.Clock)
	}
	return p.wait(room, func() error {
		if p.window == 0 {
			return nil
		}
		return p.sync()
	})
}

// wait moves commits, and calls after, until done says so, with the turn held.
func (p *logPump) wait(done func() bool, after func() error) error {
	deadline := time.Now().Add(waitLimit)
	for n := 1; ; n++ {
		p.turn.Lock()
		if done() {
			p.turn.Unlock()
			return nil
		}
		moved, err := p.moveLocked()
		p.turn.Unlock()
		if failure := p.failure.Load(); failure != nil {
			return *failure
		}
		if err == nil {
			err = after()
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
