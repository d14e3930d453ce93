package server

import (
	"errors"

	"bpfdb/engine"
)

// With synchronous durability a reply must wait until what it depends on is on disk. A loop executes all that its
// connections have sent, and holds their replies back; then it waits, once for all of them.

// depend notes what the replies to come depend on.
func (c *conn) depend(lsn uint64) { c.lsn = max(c.lsn, lsn) }

// holds tells whether replies of the connection have to wait, and has its loop do so.
func (c *conn) holds() bool {
	if c.lsn == 0 || c.loop.server.db.Durable(c.lsn) {
		return false
	}
	c.calm = 0
	c.loop.held[c] = struct{}{}
	return true
}

// calmBatches is how many batches in a row must not have had to wait before the kernel serves a connection again:
// each that does has to be handed over.
const calmBatches = 16

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
	if len(l.held) == 0 {
		return
	}
	held := l.held
	l.held = make(map[*conn]struct{}, len(held))
	lsn := uint64(0)
	for c := range held {
		lsn = max(lsn, c.lsn)
	}
	err := l.server.db.WaitDurable(lsn)
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

// awaitLog waits until the redo log has room, or answers that it has none.
func (c *conn) awaitLog() error {
	err := c.loop.server.db.WaitLog()
	if errors.Is(err, engine.ErrLogStalled) {
		return c.giveUp("-BUSY the redo log is not written fast enough, try again\r\n")
	}
	return nil // with a log that failed the kernel answers for itself
}
