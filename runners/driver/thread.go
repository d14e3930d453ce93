package driver

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"bpfdb/runners/transaction"

	"golang.org/x/sys/unix"
)

const (
	tick          = 50 * time.Millisecond // how often deadlines and the context are looked at
	eventsPerWait = 64
	readBytes     = 512 << 10 // holds the longest value several times
)

// thread drives its connections from one operating-system thread with one epoll instance.
type thread struct {
	epoll  int
	conns  []*conn
	next   dueQueue // connections that have something to send at a known time
	events [eventsPerWait]unix.EpollEvent
	input  []byte // what recv writes to; shared by the connections
	enc    encoder

	parsed   []Element // of one reply, where they are looked into
	elements []transaction.Element

	rec     *recorder
	timeout time.Duration
	open    bool // the load is an open loop
	phase   *phase
	start   time.Time // zero of the clock: the phase's start
	now     int64     // the clock when it was last read, ns
	busy    int       // connections with unanswered operations
}

func newThread(cfg Config) (*thread, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("create epoll instance: %w", err)
	}
	return &thread{
		epoll: epoll, input: make([]byte, readBytes), enc: newEncoder(cfg),
		rec: newRecorder(cfg), timeout: cfg.Timeout, open: cfg.open(),
	}, nil
}

func (t *thread) close() { unix.Close(t.epoll) }

// adopt takes a connection over.
func (t *thread) adopt(c *conn) error {
	c.index = len(t.conns)
	t.conns = append(t.conns, c)
	event := c.event(unix.EPOLLIN)
	if err := unix.EpollCtl(t.epoll, unix.EPOLL_CTL_ADD, c.fd, &event); err != nil {
		return fmt.Errorf("watch connection: %w", err)
	}
	return nil
}

// clock reads the time in nanoseconds since the phase started.
func (t *thread) clock() int64 {
	t.now = int64(time.Since(t.start))
	return t.now
}

// run sends the work of all connections and returns when every operation is answered.
func (t *thread) run(ctx context.Context, p *phase) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	setTimerSlack(timerSlackNS)
	defer setTimerSlack(defaultTimerSlack)
	cpu := threadCPU()
	defer func() { t.rec.busy = threadCPU().since(cpu) }()
	t.phase, t.start, t.busy = p, p.start, 0
	if err := t.begin(); err != nil {
		return err
	}
	lastTick := t.clock()
	for t.busy > 0 {
		n, err := t.await()
		if err != nil && err != unix.EINTR {
			return fmt.Errorf("wait for replies: %w", err)
		}
		for i := range max(n, 0) {
			if err := t.serve(&t.events[i]); err != nil {
				return err
			}
		}
		if t.next.len() > 0 {
			if err := t.wake(); err != nil {
				return err
			}
		} else if n <= 0 {
			t.clock()
		}
		t.rec.publish()
		if t.now-lastTick >= int64(tick) {
			lastTick = t.now
			if err := t.checkDeadlines(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// begin sends what is due at once, and notes when the rest is.
func (t *thread) begin() error {
	if t.open {
		return t.startOpen()
	}
	t.next.clear()
	for _, c := range t.conns {
		if c.work.left == 0 {
			continue
		}
		t.busy++
		if c.work.joinNS > 0 {
			t.next.push(c.work.joinNS, c)
			continue
		}
		if err := t.sendBatch(c); err != nil {
			return err
		}
	}
	return nil
}

func (t *thread) serve(event *unix.EpollEvent) error {
	c := t.conns[event.Fd]
	if event.Events&unix.EPOLLOUT != 0 {
		if err := t.flush(c); err != nil {
			return err
		}
	}
	if event.Events&(unix.EPOLLIN|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		return t.receive(c)
	}
	return nil
}

// checkDeadlines ends the run when the context has, or when a reply is overdue, and sends
// nothing new in an open loop whose phase is over.
func (t *thread) checkDeadlines(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if t.open && t.phase.over.Load() {
		t.dismiss()
	}
	for i, c := range t.conns {
		if c.awaiting() == 0 {
			continue
		}
		waiting := time.Duration(t.now - c.awaitingSince())
		if waiting > t.timeout {
			return fmt.Errorf("%w: %d replies missing after %v on local connection %d",
				ErrTimeout, c.awaiting(), waiting.Round(time.Millisecond), i)
		}
	}
	return nil
}
