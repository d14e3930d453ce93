package server

import (
	"time"

	"bpfdb/engine"
)

// With synchronous durability a reply must wait until what it depends on is on disk. A loop executes all that its
// connections have sent, holds their replies back and has them committed as one group. Where the redo log has no
// room for a request, its connection is parked until there is.

const (
	heldMax = 30 * time.Second // how long a client waits for the disk before it gets no answer
	parkMax = 10 * time.Second // and for room in the log before it is told to try again
	// parkPoll is how often a loop looks for that room, and heldPoll whether a client has waited too long.
	parkPoll = time.Millisecond
	heldPoll = time.Second
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

func (c *conn) isParked() bool {
	_, parked := c.loop.parked[c]
	return parked
}

// sendHeld goes on with the connections whose replies may be sent, and returns up to where commits must be durable
// for the others, 0 if there are none. Where the log has failed nobody knows what is durable: these clients get no
// answer.
func (l *loop) sendHeld() (lsn uint64) {
	if len(l.held) == 0 {
		return 0
	}
	now := time.Now()
	for c, until := range l.held {
		durable := l.server.db.Durable(c.lsn)
		if !durable && !l.commit.failed && now.Before(until) {
			lsn = max(lsn, c.lsn)
			continue
		}
		delete(l.held, c)
		if l.conns[c.fd] != c {
			continue // closed meanwhile
		}
		if durable {
			c.finish(c.resume())
		} else {
			c.reset()
		}
	}
	return lsn
}

// awaitLog parks the connection, with what it has not executed, until the log has room; or it answers that there
// was none for too long.
func (c *conn) awaitLog() (parked bool, err error) {
	now := time.Now()
	if c.parkedUntil.IsZero() {
		c.parkedUntil = now.Add(parkMax)
	}
	if now.Before(c.parkedUntil) {
		c.loop.parked[c] = struct{}{}
		return true, c.keep()
	}
	c.parkedUntil = time.Time{}
	return false, c.giveUp("-" + logStalled + "\r\n")
}

// resumeParked has parked connections try again.
func (l *loop) resumeParked() {
	if len(l.parked) == 0 || !l.server.db.LogReady() && time.Since(l.unparked) < parkMax/8 {
		return
	}
	l.unparked = time.Now()
	parked := l.parked
	l.parked = map[*conn]struct{}{}
	for c := range parked {
		if l.conns[c.fd] == c {
			c.finish(c.resume())
		}
	}
}
