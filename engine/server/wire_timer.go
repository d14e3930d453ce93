package server

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

const (
	// sweepInterval is how often the connections are looked through.
	sweepInterval = 50 * time.Millisecond
	sweepBatch    = 1024
	// resendAfter is how long a reply may stay unacknowledged before it is sent again; doubled with every try up to
	// resendTries, after which the connection is reset: 102 s in all.
	resendAfter = 200 * time.Millisecond
	resendTries = 9
	// A closed connection is forgotten after closedFor, or timeWait where the kernel may still answer for it.
	closedFor = 2 * time.Second
	timeWait  = 65 * time.Second
)

// Flags of a connection on the wire path, BPFDB_WIRE_* in bpf/bpfdb.h.
const (
	wireClosed  = 4
	wireLingers = 8
)

// watch sends replies again that clients did not acknowledge, and forgets closed connections, until stop; lost is
// told the cookies of those that are beyond hope. It needs the thread for itself: packets are made in the
// namespace of the interfaces.
func (w *wire) watch(stop <-chan struct{}, lost func(cookie uint64)) error {
	runtime.LockOSThread() // for good: the thread ends with the goroutine
	if err := unix.Setns(int(w.namespace.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter the network namespace of the interfaces: %w", err)
	}
	tick := time.NewTicker(sweepInterval)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return nil
		case <-tick.C:
			if err := w.sweep(lost); err != nil {
				return err
			}
		}
	}
}

func (w *wire) sweep(lost func(cookie uint64)) error {
	var cursor ebpf.MapBatchCursor
	keys, values := make([]wireWireKey, sweepBatch), make([]wireWire, sweepBatch)
	now, err := monotonic()
	for err == nil {
		var n int
		n, err = w.wires.BatchLookup(&cursor, keys, values, nil)
		for i := range n {
			if err := w.visit(&keys[i], &values[i], now, lost); err != nil {
				return err
			}
		}
	}
	if errors.Is(err, ebpf.ErrKeyNotExist) {
		return nil
	}
	return fmt.Errorf("look through the connections: %w", err)
}

func (w *wire) visit(key *wireWireKey, c *wireWire, now time.Duration, lost func(cookie uint64)) error {
	if c.Flags&wireClosed != 0 {
		keep := closedFor
		if c.Flags&wireLingers != 0 {
			keep = timeWait
		}
		if now-time.Duration(c.ClosedNs) > keep {
			// Whatever keeps it from being forgotten now, the next sweep tries again.
			_ = runWire(w.forgetProg, &wireWireArgs{Key: *key, Cookie: c.Cookie})
		}
		return nil
	}
	late := now - time.Duration(c.SentNs)
	if c.Kept == 0 || int32(c.KeptTo-c.Una) <= 0 || late < resendAfter<<min(c.Tries, resendTries) {
		return nil
	}
	if c.Tries > resendTries {
		lost(c.Cookie)
		return nil
	}
	return w.resend(key)
}

// monotonic is the clock of the programs.
func monotonic() (time.Duration, error) {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		return 0, fmt.Errorf("read the clock: %w", err)
	}
	return time.Duration(ts.Nano()), nil
}
