package driver

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// timerSlackNS is how much later than asked the kernel may wake a generating thread; its
// default, 50 us, is longer than many a response.
const timerSlackNS = 1

// defaultTimerSlack restores what the thread started with (prctl(2)).
const defaultTimerSlack = 0

func setTimerSlack(ns int) {
	// An old kernel that refuses wakes later, which the lag shows.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(ns), 0, 0, 0)
}

// await waits until a connection has an event or the next one is due, at most a tick. Unlike
// epoll_wait, epoll_pwait2 takes nanoseconds (Linux 5.11).
func (t *thread) await() (events int, err error) {
	wait := tick
	if t.next.len() > 0 {
		wait = min(wait, time.Duration(max(t.next.firstNS()-t.clock(), 0)))
	}
	timeout := unix.NsecToTimespec(int64(wait))
	n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(t.epoll),
		uintptr(unsafe.Pointer(&t.events[0])), eventsPerWait, uintptr(unsafe.Pointer(&timeout)), 0, 0)
	if errno == unix.ENOSYS {
		milliseconds := (wait + time.Millisecond - 1) / time.Millisecond
		return unix.EpollWait(t.epoll, t.events[:], int(milliseconds))
	}
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
