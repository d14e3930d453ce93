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
	// How often the connections are looked through: sweepShare times as seldom as a look takes, so that it costs 5 %
	// of a processor at most, within these bounds.
	sweepLeast = 5 * time.Millisecond
	sweepMost  = 50 * time.Millisecond
	sweepShare = 20
	sweepBatch = 1024
	// resendAfter is how long a reply may stay unacknowledged before it is sent again; doubled with every try up to
	// resendTries, after which the connection is reset: 102 s in all.
	resendAfter = 200 * time.Millisecond
	resendTries = 9
	// The first time it is twice the round trip, or more where that varies, if more than a segment is out (RFC 8985,
	// 7.2; RFC 6298): of several, each second one is acknowledged at once.
	probeLeast = 10 * time.Millisecond
	// A closed connection is forgotten after closedFor, or timeWait where the kernel may still answer for it.
	closedFor = 2 * time.Second
	timeWait  = 65 * time.Second
)

// Flags of a connection on the wire path, BPFDB_WIRE_* in bpf/wire.h.
const (
	wireClosed  = 4
	wireLingers = 8
	wireBroken  = 128
)

// watch sends replies again that clients did not acknowledge, and forgets closed connections, until stop; lost is
// told the cookies of those that are beyond hope. It needs the thread for itself: packets are made in the
// namespace of the interfaces.
func (w *wire) watch(stop <-chan struct{}, lost func(cookie uint64)) error {
	runtime.LockOSThread() // for good: the thread ends with the goroutine
	if err := unix.Setns(int(w.namespace.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter the network namespace of the interfaces: %w", err)
	}
	wait := time.NewTimer(sweepMost)
	defer wait.Stop()
	for {
		select {
		case <-stop:
			return nil
		case <-wait.C:
			begin := time.Now()
			seen, err := w.sweep(lost)
			if err != nil {
				return err
			}
			wait.Reset(sweepPause(seen, time.Since(begin)))
		}
	}
}

// sweepPause is the time between sweeps over so many connections that take so long.
func sweepPause(connections int, took time.Duration) time.Duration {
	if connections == 0 {
		return sweepMost
	}
	return min(max(sweepShare*took, sweepLeast), sweepMost)
}

// sweep tells how many connections it saw.
func (w *wire) sweep(lost func(cookie uint64)) (seen int, err error) {
	var cursor ebpf.MapBatchCursor
	keys, values := make([]wireWireKey, sweepBatch), make([]wireWire, sweepBatch)
	now, err := monotonic()
	for err == nil {
		var n int
		n, err = w.wires.BatchLookup(&cursor, keys, values, nil)
		seen += n
		for i := range n {
			if err := w.visit(&keys[i], &values[i], now, lost); err != nil {
				return seen, err
			}
		}
	}
	if errors.Is(err, ebpf.ErrKeyNotExist) {
		return seen, nil
	}
	return seen, fmt.Errorf("look through the connections: %w", err)
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
	if c.Flags&wireBroken != 0 {
		lost(c.Cookie)
		return nil
	}
	late := now - time.Duration(c.SentNs)
	if c.Kept == 0 || int32(c.KeptTo-c.Una) <= 0 || late < resendDelay(c) {
		return nil
	}
	if c.Tries > resendTries {
		lost(c.Cookie)
		return nil
	}
	return w.resend(key)
}

// resendDelay is how long the connection's replies may wait to be acknowledged.
func resendDelay(c *wireWire) time.Duration {
	if c.Tries == 0 && c.SrttUs > 0 && c.KeptTo-c.Una > uint32(c.Mss) {
		late := time.Duration(c.SrttUs+max(c.SrttUs, 4*c.RttvarUs)) * time.Microsecond
		return min(max(late, probeLeast), resendAfter)
	}
	return resendAfter << min(c.Tries, resendTries)
}

// monotonic is the clock of the programs.
func monotonic() (time.Duration, error) {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		return 0, fmt.Errorf("read the clock: %w", err)
	}
	return time.Duration(ts.Nano()), nil
}
