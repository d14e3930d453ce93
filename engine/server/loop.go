package server

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"bpfdb/engine"
)

const (
	maxEvents = 256
	// settleDelay is how long a connection waits before the loop looks again whether the kernel has
	// sent the replies it owes; it doubles up to settleDelayMax.
	settleDelay    = time.Millisecond
	settleDelayMax = 100 * time.Millisecond
	// owedMax is when it gives up. The programs queue no reply that the send buffer might not take, so
	// the wait is never for the client: the kernel has lost the reply.
	owedMax = 30 * time.Second
)

// loop is one event loop: an operating-system thread, an epoll instance and a work area.
type loop struct {
	server   *Server
	epoll    int
	wake     int // eventfd: there is mail, or the loop is to end
	area     *engine.Area
	conns    map[int]*conn // by file descriptor
	owed     map[*conn]struct{}
	held     map[*conn]time.Time // with replies that wait for the redo log, and how long they may
	parked   map[*conn]struct{}  // that wait for room in the redo log
	unparked time.Time           // when these last tried again
	commit   commit

	mail struct {
		sync.Mutex
		jobs []func()
		done bool
	}
}

func newLoop(s *Server) (*loop, error) {
	l := &loop{server: s, epoll: -1, wake: -1, conns: map[int]*conn{}, owed: map[*conn]struct{}{},
		held: map[*conn]time.Time{}, parked: map[*conn]struct{}{}}
	var err error
	if l.area, err = s.db.ClaimArea(); err != nil {
		return nil, fmt.Errorf("claim a work area: %w", err)
	}
	if l.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		l.close()
		return nil, fmt.Errorf("create epoll: %w", err)
	}
	if l.wake, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		l.close()
		return nil, fmt.Errorf("create eventfd: %w", err)
	}
	if err = l.watch(unix.EPOLL_CTL_ADD, l.wake, unix.EPOLLIN); err != nil {
		l.close()
		return nil, fmt.Errorf("watch eventfd: %w", err)
	}
	return l, nil
}

func (l *loop) watch(op, fd int, mask uint32) error {
	return unix.EpollCtl(l.epoll, op, fd, &unix.EpollEvent{Events: mask, Fd: int32(fd)})
}

// post has the loop's own thread run job; after stop jobs are dropped.
func (l *loop) post(job func()) {
	l.mail.Lock()
	l.mail.jobs = append(l.mail.jobs, job)
	l.mail.Unlock()
	l.ring()
}

func (l *loop) stop() {
	l.mail.Lock()
	l.mail.done = true
	l.mail.Unlock()
	l.ring()
}

func (l *loop) ring() {
	one := [8]byte{1}
	// It fails only when the counter is at its limit, and then the loop is awake anyway.
	_, _ = unix.Write(l.wake, one[:])
}

// run serves until stop, or until another goroutine does. It keeps its thread: system calls that do not block then
// skip the scheduler's bookkeeping.
func (l *loop) run() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	events := make([]unix.EpollEvent, maxEvents)
	for {
		n, err := unix.EpollWait(l.epoll, events, l.timeout())
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("wait for events: %w", err)
		}
		for i := range max(n, 0) {
			if fd := int(events[i].Fd); fd != l.wake {
				if c := l.conns[fd]; c != nil {
					c.handle(events[i].Events)
				}
			} else if l.readMail() {
				return nil
			}
		}
		l.settleOwed()
		l.resumeParked()
		if l.commitHeld() {
			return nil
		}
	}
}

func (l *loop) readMail() (done bool) {
	var count [8]byte
	_, _ = unix.Read(l.wake, count[:])
	l.mail.Lock()
	jobs := l.mail.jobs
	l.mail.jobs, done = nil, l.mail.done
	l.mail.Unlock()
	for _, job := range jobs {
		job()
	}
	return done
}

// timeout is how long the loop may wait for events, in milliseconds; -1: for ever.
func (l *loop) timeout() int {
	switch {
	case len(l.held) > 0 && l.commit.wait() == 0:
		return 0
	case len(l.parked) > 0:
		return int(parkPoll / time.Millisecond)
	case len(l.owed) > 0:
		return int(settleDelay / time.Millisecond)
	case len(l.held) > 0:
		return int(l.commit.wait() / time.Millisecond)
	}
	return -1
}

// settleOwed looks again at connections whose replies the kernel had not sent yet.
func (l *loop) settleOwed() {
	if len(l.owed) == 0 {
		return
	}
	now := time.Now()
	for c := range l.owed {
		if now.After(c.owedUntil) {
			c.settle()
		}
	}
}

func (l *loop) close() {
	for _, c := range l.conns {
		if c.path == PathWire {
			c.reset() // the client's numbers mean nothing without the programs
		} else {
			c.close()
		}
	}
	for _, fd := range []int{l.epoll, l.wake} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
	l.area.Release()
}
