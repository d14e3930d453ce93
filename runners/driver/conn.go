package driver

import (
	"bpfdb/runners/transaction"
	"bpfdb/workloads"

	"golang.org/x/sys/unix"
)

// conn is one connection of the raw driver. A batch with read-modify-writes takes two
// rounds: first every operation's only command or read, then the writes of the
// read-modify-writes, pipelined in the same way.
type conn struct {
	fd    int
	index int // in its thread, for epoll
	work  *worker

	sent     []command      // the current round, in order of sending
	answered int            // of sent
	writes   []workloads.Op // read-modify-writes whose read was answered

	batchNS   int64 // before the write of the batch's first round
	writtenNS int64 // before the write of the current round

	session *transaction.Session // of one that executes transactions; nil otherwise
	txn     workloads.Txn        // in flight

	flying  flights // of an open loop or of transactions, instead of rounds
	roomNS  int64   // when flying was last full
	waiting bool    // in the thread's queue
	retired bool    // has nothing to do any more

	output  []byte // the requests of the current round, or queued ones
	flushed int    // bytes of output the socket has taken
	blocked bool   // epoll is to report when the socket takes more
	partial []byte // the beginning of a reply that has not arrived in full
}

func newConn(fd int, cfg Config) *conn {
	if cfg.open() || cfg.Mode != "" {
		return &conn{fd: fd, flying: newFlights(cfg.Pipeline)}
	}
	return &conn{
		fd: fd, sent: make([]command, 0, cfg.Pipeline), writes: make([]workloads.Op, 0, cfg.Pipeline),
	}
}

// awaiting is how many commands are not answered yet.
func (c *conn) awaiting() int {
	if c.session != nil {
		return c.session.Due()
	}
	if c.flying.ring != nil {
		return c.flying.count
	}
	return len(c.sent) - c.answered
}

// awaitingSince is when the oldest of them was sent.
func (c *conn) awaitingSince() int64 {
	if c.session == nil && c.flying.ring != nil {
		return c.flying.oldest().sent
	}
	return c.writtenNS
}

func (c *conn) close() { unix.Close(c.fd) }

// sendBatch draws the next operations and sends the first round.
func (t *thread) sendBatch(c *conn) error {
	if c.session != nil {
		return t.sendTransaction(c)
	}
	count := min(c.work.left, uint64(cap(c.sent)))
	c.work.left -= count
	c.newRound()
	for range count {
		op := c.work.ops.Next()
		t.queue(c, op, firstSlot[op.Kind])
	}
	c.batchNS = t.clock()
	c.writtenNS = c.batchNS
	return t.flush(c)
}

// sendWrites sends the second round.
func (t *thread) sendWrites(c *conn) error {
	c.newRound()
	for _, op := range c.writes {
		t.queue(c, op, slotRMWUpdate)
	}
	c.writes = c.writes[:0]
	c.writtenNS = t.clock()
	return t.flush(c)
}

func (c *conn) newRound() {
	c.sent, c.answered = c.sent[:0], 0
	c.output, c.flushed = c.output[:0], 0
}

func (t *thread) queue(c *conn, op workloads.Op, s slot) {
	c.output = t.enc.append(c.output, op, s)
	c.sent = append(c.sent, command{op: op, slot: s})
}

// endRound sends what comes after a round that is answered: the writes its reads lead to,
// the next batch, or nothing more.
func (t *thread) endRound(c *conn) error {
	switch {
	case len(c.writes) > 0:
		return t.sendWrites(c)
	case c.work.left > 0 && !t.phase.over.Load():
		return t.sendBatch(c)
	}
	t.busy--
	return nil
}

// take accounts for the reply to the oldest command that has none yet.
func (t *thread) take(c *conn, r reply) {
	if t.open {
		t.takeFlight(c, r)
		return
	}
	cmd := c.sent[c.answered]
	c.answered++
	ok := t.accept(cmd, r)
	at := times{due: c.batchNS, first: c.batchNS, sent: c.writtenNS, done: t.now}
	if t.rec.answered(cmd, ok, at) {
		c.writes = append(c.writes, cmd.op)
	}
}

// accept judges a reply and reports whether the command succeeded; a miss is a success.
func (t *thread) accept(cmd command, r reply) bool {
	if t.enc.replay != nil {
		return t.acceptTrace(cmd, r)
	}
	if t.enc.hash && cmd.slot != slotPing {
		return t.acceptHash(cmd, r)
	}
	switch cmd.slot {
	case slotRead, slotRMWRead:
		if r.kind == '$' {
			t.rec.value(r.data, cmd.op.Key)
			return true
		}
		if r.kind == '_' {
			t.rec.misses++
			return true
		}
	case slotPing:
		if r.kind == '+' && string(r.data) == "PONG" {
			return true
		}
	default:
		if r.kind == '+' && string(r.data) == "OK" {
			return true
		}
	}
	t.rec.refuse(r)
	return false
}
