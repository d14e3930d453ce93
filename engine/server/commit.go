package server

import (
	"errors"
	"sync/atomic"
	"time"

	"bpfdb/engine"
)

// A loop itself makes durable what its clients wait for. All that they sent before is one group, and to hand it to
// another thread would take two wake-ups. Where the disk takes long another goroutine stands in: it runs the loop from
// then on, and the one that waits only tells it when the disk is done.

const (
	// standInAfter is how long a disk may keep a loop from its clients, and up to as long again.
	standInAfter = 10 * time.Millisecond
	// heldRetry is how often a disk that takes nothing is tried again.
	heldRetry = 50 * time.Millisecond
)

// commit is the state of a loop's commits.
type commit struct {
	turn   atomic.Uint64 // odd while the goroutine that runs the loop is at the disk
	lent   bool          // another is, which ran the loop before
	retry  time.Time     // the disk took nothing: not to ask again before
	failed bool          // nor ever
}

// commitHeld makes durable what held replies depend on, and sends them. It reports that meanwhile another goroutine
// has come to run the loop.
func (l *loop) commitHeld() (replaced bool) {
	lsn := l.sendHeld()
	c := &l.commit
	if lsn == 0 || c.wait() > 0 {
		return false
	}
	turn := c.turn.Add(1)
	err := l.server.db.PollDurable(lsn)
	if !c.turn.CompareAndSwap(turn, turn+1) {
		l.post(func() {
			c.lent = false
			c.note(err)
		})
		return true
	}
	c.note(err)
	l.sendHeld()
	return false
}

// wait is how long a loop with held replies waits for other events before it commits.
func (c *commit) wait() time.Duration {
	switch {
	case c.lent || c.failed:
		return heldPoll
	case time.Now().Before(c.retry):
		return heldRetry
	}
	return 0
}

// note keeps what came of a commit.
func (c *commit) note(err error) {
	switch {
	case err == nil:
	case errors.Is(err, engine.ErrLogHeld), errors.Is(err, engine.ErrLogStalled):
		c.retry = time.Now().Add(heldRetry)
	default:
		c.failed = true
	}
}

// standIn runs loops whose goroutines the disk keeps waiting, until Close.
func (s *Server) standIn() {
	timer := time.NewTicker(standInAfter)
	defer timer.Stop()
	seen := make([]uint64, len(s.loops))
	for {
		select {
		case <-s.closed:
			return
		case <-timer.C:
		}
		for i, l := range s.loops {
			turn := l.commit.turn.Load()
			if turn&1 == 1 && turn == seen[i] && l.commit.turn.CompareAndSwap(turn, turn+1) {
				l.commit.lent = true
				s.running.Go(func() { s.report(l.run()) })
			}
			seen[i] = turn
		}
	}
}
