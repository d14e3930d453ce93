package server

import (
	"errors"
	"time"

	"bpfdb/engine"
)

// With synchronous durability a reply must wait until what it depends on is on disk. A loop executes all that its
// connections have sent, and holds their replies back; then it waits, once for all of them. While the disk takes
// nothing, because it is full say, the loop goes on with its other connections.

const (
	heldPoll = 50 * time.Millisecond // how often a loop then looks whether it does again
	heldMax  = 30 * time.Second      // and how long a client waits before it gets no answer
	// calmBatches is how many batches in a row must not have had to wait before the kernel serves a connection
	// again: each that does has to be handed over.
	calmBatches = 16

	logStalled = "BUSY the redo log is not written fast enough, try again"
)

// depend notes what the replies to come depend on.
func (c *conn) depend(lsn uint64) { c.lsn = max(c.lsn, lsn) }

// dependIfSync is for commits that did not come from the kernel's serve, which says 0 where nobody has to wait.
func (c *conn) dependIfSync(lsn uint64) {
	if c.loop.server.db.Options().Durability == engine.DurabilitySync {
		c.depend(lsn)
	}
}

// holds tells whether replies of the connection have to wait, and has its loop do so.
func (c *conn) holds() bool {
	if c.lsn == 0 || c.loop.server.db.Durable(c.lsn) {
		return false
	}
	c.calm = 0
	if !c.isHeld() {
		c.loop.held[c] = time.Now().Add(heldMax)
	}
	return true
}

// isCalm tells whether the kernel could serve the connection without handing it over soon.
func (c *conn) isCalm() bool {
	c.calm++
	return c.lsn == 0 || c.calm > calmBatches
}

func (c *conn) isHeld() bool {
	_, held := c.loop.held[c]
	return held
}

// sendHeld waits until the replies held back may be sent, and goes on with their connections. Where the log
// has failed nobody knows what is durable: these clients get no answer.
func (l *loop) sendHeld() {
	if len(l.held) == 0 || time.Now().Before(l.heldUntil) {
		return
	}
	lsn := uint64(0)
	for c := range l.held {
		lsn = max(lsn, c.lsn)
	}
	err := l.server.db.PollDurable(lsn)
	if errors.Is(err, engine.ErrLogHeld) {
		l.keepHeld()
		return
	}
	held := l.held
	l.held = make(map[*conn]time.Time, len(held))
	for c := range held {
		switch {
		case l.conns[c.fd] != c: // closed meanwhile
		case err != nil:
			c.reset()
		default:
			c.finish(c.resume())
		}
	}
}

// keepHeld leaves the connections held back until a later look, but for those that have waited too long.
func (l *loop) keepHeld() {
	now := time.Now()
	l.heldUntil = now.Add(heldPoll)
	for c, until := range l.held {
		if now.After(until) {
			c.reset()
		} else {
			c.watch(0)
		}
	}
}

// awaitLog waits until the redo log has room, or answers that it has none.
func (c *conn) awaitLog() error {
	err := c.loop.server.db.WaitLog()
	if errors.Is(err, engine.ErrLogStalled) {
		return c.giveUp("-" + logStalled + "\r\n")
	}
	return nil // with a log that failed the kernel answers for itself
}
