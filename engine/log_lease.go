package engine

import (
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// leaseParts is how many times in a window of asynchronous durability the clock of commits is noted. One part is
// kept in reserve, for the time between a commit and its acknowledgement.
const leaseParts = 16

// lease bounds what a crash loses with asynchronous durability: the kernel takes commits until a window
// after the last moment of which everything is durable, and user space has to say so again and again. A disk
// or a process that stands still therefore ends it.
type lease struct {
	looks []look // at the clock, oldest first: what was committed before is not durable yet
}

// look says that commits up to clock had been acknowledged at a time at most.
type look struct {
	clock uint64
	at    time.Duration
}

// begin lets commits go on for the first time.
func (l *lease) begin(c *engineControl, window time.Duration) { l.extend(c, monotonic(), window) }

func (l *lease) extend(c *engineControl, from, window time.Duration) {
	atomic.StoreUint64(&c.LogUntil, uint64(from+window-window/leaseParts))
}

// look notes the clock, if the last note is not too young.
func (l *lease) look(c *engineControl, window time.Duration) {
	if window == 0 {
		return
	}
	n, now := len(l.looks), monotonic() // before the clock: what is committed in between counts as older
	clock := atomic.LoadUint64(&c.Clock)
	if n == 0 || clock != l.looks[n-1].clock && now-l.looks[n-1].at >= window/leaseParts {
		l.looks = append(l.looks, look{clock, now})
	}
}

// settle puts off the end as far as what is durable now allows. It reports whether it is time to make more durable.
func (l *lease) settle(c *engineControl, window time.Duration) (urgent bool) {
	durable, settled := atomic.LoadUint64(&c.Durable), 0
	for settled < len(l.looks) && l.looks[settled].clock <= durable {
		settled++
	}
	if settled > 0 {
		l.extend(c, l.looks[settled-1].at, window)
		l.looks = append(l.looks[:0], l.looks[settled:]...)
	}
	return len(l.looks) > 0 && monotonic()-l.looks[0].at >= window/2
}

// monotonic is the clock that the kernel's programs read.
func monotonic() time.Duration {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) // fails only for a clock that does not exist
	return time.Duration(now.Nano())
}
