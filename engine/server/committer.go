package server

import (
	"errors"
	"sync/atomic"
	"time"

	"bpfdb/engine"
)

// committer makes commits durable that loops wait for. While one group is on its way to the disk the loops go on,
// and what they execute meanwhile is the next.
type committer struct {
	want   atomic.Uint64 // highest LSN that somebody waits for
	wake   chan struct{}
	quit   chan struct{}
	failed atomic.Bool // the log takes nothing more
}

func newCommitter() *committer {
	return &committer{wake: make(chan struct{}, 1), quit: make(chan struct{})}
}

// ask has commits up to an LSN made durable.
func (c *committer) ask(lsn uint64) {
	for {
		old := c.want.Load()
		if old >= lsn || c.want.CompareAndSwap(old, lsn) {
			break
		}
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// commit does what it is asked to and tells the loops, until Close. A disk that is full is tried again.
func (s *Server) commit() {
	c := s.committer
	for {
		select {
		case <-c.quit:
			return
		case <-c.wake:
		}
		for lsn := c.want.Load(); !s.db.Durable(lsn); lsn = c.want.Load() {
			err := s.db.PollDurable(lsn)
			if err != nil && !errors.Is(err, engine.ErrLogHeld) && !errors.Is(err, engine.ErrLogStalled) {
				c.failed.Store(true)
				break
			}
			if err == nil {
				break
			}
			select {
			case <-c.quit:
				return
			case <-time.After(heldRetry):
			}
		}
		for _, l := range s.loops {
			if l.waits.Swap(false) {
				l.ring()
			}
		}
	}
}

// heldRetry is how often a disk that takes nothing is tried again.
const heldRetry = 50 * time.Millisecond
