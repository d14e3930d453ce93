package driver

import (
	"context"
	"time"

	"golang.org/x/sys/unix"
)

// coarse is how far ahead of its time a goroutine leaves the Go scheduler's timers, which
// wake an otherwise idle process to the millisecond, for the kernel's.
const coarse = 2 * time.Millisecond

// awaitNS returns at a time of the phase, or with the context's error.
func (w *goRedisWorker) awaitNS(ctx context.Context, atNS int64) error {
	if far := time.Duration(atNS-w.now()) - coarse; far > 0 {
		timer := time.NewTimer(far)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	for left := atNS - w.now(); left > 0; left = atNS - w.now() {
		timespec := unix.NsecToTimespec(left)
		_ = unix.Nanosleep(&timespec, nil) // woken early by a signal, it sleeps again
	}
	return nil
}

// awaitDue is awaitNS in an open loop, which may be over before the next operation is due.
func (w *goRedisWorker) awaitDue(ctx context.Context, p *phase, dueNS int64) error {
	for !p.over.Load() {
		until := min(dueNS, w.now()+int64(tick))
		if err := w.awaitNS(ctx, until); err != nil || until == dueNS {
			return err
		}
	}
	return nil
}
