package transactor

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"bpfdb/runners/driver"
	"bpfdb/runners/transaction"
	"bpfdb/workloads"

	"golang.org/x/sys/unix"
)

const (
	tick          = 50 * time.Millisecond // how often deadlines and the context are looked at
	eventsPerWait = 64
	readBytes     = 512 << 10
)

// thread drives its connections from one operating-system thread with one epoll instance.
type thread struct {
	epoll    int
	conns    []*conn
	events   [eventsPerWait]unix.EpollEvent
	input    []byte // what recv writes to; shared by the connections
	parsed   []driver.Element
	elements []transaction.Element
	rec      *recorder
	timeout  time.Duration
	start    time.Time // zero of the clock
	now      int64     // the clock when it was last read, ns
	busy     int       // connections with transactions to execute
}

// conn is one connection. It has one transaction in flight.
type conn struct {
	fd      int
	index   int // in its thread, for epoll
	session *transaction.Session
	stream  *workloads.TxnStream
	left    uint64 // transactions not drawn yet

	txn       workloads.Txn
	begunNS   int64 // before the first try was sent
	writtenNS int64 // before the current round was sent
	output    []byte
	flushed   int    // bytes of output the socket has taken
	blocked   bool   // epoll is to report when the socket takes more
	partial   []byte // the beginning of a reply that has not arrived in full
}

func newThread(cfg Config) (*thread, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("create epoll instance: %w", err)
	}
	return &thread{
		epoll: epoll, input: make([]byte, readBytes), rec: &recorder{}, timeout: cfg.Timeout, start: time.Now(),
	}, nil
}

func (t *thread) adopt(c *conn) error {
	c.index = len(t.conns)
	t.conns = append(t.conns, c)
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(c.index)}
	if err := unix.EpollCtl(t.epoll, unix.EPOLL_CTL_ADD, c.fd, &event); err != nil {
		return fmt.Errorf("watch connection: %w", err)
	}
	return nil
}

func (t *thread) clock() int64 {
	t.now = int64(time.Since(t.start))
	return t.now
}

// run executes the transactions of all connections.
func (t *thread) run(ctx context.Context) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	t.busy = 0
	for _, c := range t.conns {
		if c.left == 0 {
			continue
		}
		t.busy++
		if err := t.begin(c); err != nil {
			return err
		}
	}
	lastTick := t.clock()
	for t.busy > 0 {
		n, err := unix.EpollWait(t.epoll, t.events[:], int(tick.Milliseconds()))
		if err != nil && err != unix.EINTR {
			return fmt.Errorf("wait for replies: %w", err)
		}
		for i := range max(n, 0) {
			if err := t.serve(&t.events[i]); err != nil {
				return err
			}
		}
		if t.clock()-lastTick >= int64(tick) {
			lastTick = t.now
			if err := t.checkDeadlines(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// begin draws the next transaction of a connection and sends its first round.
func (t *thread) begin(c *conn) error {
	c.left--
	c.txn = c.stream.Next()
	c.output, c.flushed = c.session.Begin(c.output[:0], c.txn), 0
	c.begunNS = t.clock()
	c.writtenNS = c.begunNS
	return t.flush(c)
}

// endRound sends what follows the replies of a round: another one, the next transaction, or
// nothing more.
func (t *thread) endRound(c *conn) error {
	var result transaction.Result
	c.output, result = c.session.Next(c.output[:0])
	c.flushed = 0
	if result.Outcome == transaction.Unfinished {
		c.writtenNS = t.now
		return t.flush(c)
	}
	t.rec.ended(c.txn.Kind, result, t.now-c.begunNS)
	t.rec.done.Add(1)
	if c.left > 0 {
		return t.begin(c)
	}
	t.busy--
	return nil
}

// checkDeadlines ends the run when the context has, or when a reply is overdue.
func (t *thread) checkDeadlines(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	for i, c := range t.conns {
		waiting := time.Duration(t.now - c.writtenNS)
		if c.session.Due() > 0 && waiting > t.timeout {
			return fmt.Errorf("%w: %d replies due %v after %v was sent on local connection %d",
				driver.ErrTimeout, c.session.Due(), waiting.Round(time.Millisecond), c.txn.Kind, i)
		}
	}
	return nil
}
