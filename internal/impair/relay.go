package impair

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Impairment says what happens to frames: shares of 1, in each direction.
type Impairment struct {
	Seed      uint64
	Loss      float64
	Duplicate float64
	Reorder   float64       // held back for ReorderBy, so that later ones overtake
	ReorderBy time.Duration // default 2 ms
	Corrupt   float64       // one bit of an IP packet is turned
	Change    func([]byte)  // is applied to every frame, from the Ethernet header on
	Mark      float64       // IPv4 packets whose sender knows ECN are marked: congestion experienced
	Delay     time.Duration // of all frames
	// MTU is what IP packets may have in the middle of the link, 0: as at its ends. Larger ones are cut up, or
	// refused with an ICMP message where they may not be.
	MTU int
	// Silent refuses them without a message.
	Silent bool
}

// Watcher is told of the frames at the host's end of the link, which it must not keep.
type Watcher interface {
	Received(frame []byte) // just before the host gets it
	Sent(frame []byte)     // as the host sent it
}

const (
	maxFrame  = 65536
	ethernet  = 14
	reorderBy = 2 * time.Millisecond
	pollTimer = 100 * time.Millisecond // between looks whether the relay is to stop
)

type relay struct {
	sockets    [2]int // at the host's end and at the peer's
	impairment atomic.Pointer[Impairment]
	watch      atomic.Pointer[Watcher]
	running    sync.WaitGroup
	stop       chan struct{}
	count      counters
}

// startRelay connects the relay ends in the namespace of the thread.
func startRelay(i Impairment) (*relay, error) {
	r := &relay{sockets: [2]int{-1, -1}, stop: make(chan struct{})}
	r.set(i)
	for n, name := range []string{hostRelay, peerRelay} {
		fd, err := PacketSocket(name)
		if err != nil {
			return nil, errors.Join(err, r.close())
		}
		r.sockets[n] = fd
		err = errors.Join(unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1),
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 64<<20))
		if err != nil {
			return nil, errors.Join(fmt.Errorf("packet socket on %s: %w", name, err), r.close())
		}
	}
	for n := range r.sockets {
		d := &direction{relay: r, side: n, random: rand.New(rand.NewPCG(i.Seed, uint64(n)))}
		r.running.Go(d.run) // ends with close
	}
	return r, nil
}

func (r *relay) set(i Impairment) {
	if i.ReorderBy == 0 {
		i.ReorderBy = reorderBy
	}
	r.impairment.Store(&i)
}

func (r *relay) watcher() Watcher {
	if w := r.watch.Load(); w != nil {
		return *w
	}
	return nil
}

// PacketSocket opens a socket that gets the frames of an interface of the thread's namespace, both ways, and sends what
// is written to it.
func PacketSocket(name string) (int, error) {
	dev, err := net.InterfaceByName(name)
	if err != nil {
		return -1, err
	}
	all := uint16(unix.ETH_P_ALL>>8 | unix.ETH_P_ALL<<8&0xff00)
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, int(all))
	if err != nil {
		return -1, fmt.Errorf("packet socket: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: dev.Index}); err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("packet socket on %s: %w", name, err)
	}
	return fd, nil
}

// send drops what does not fit, as a link does.
func (r *relay) send(side int, frame []byte) {
	if side == 0 {
		if watch := r.watcher(); watch != nil {
			watch.Received(frame)
		}
	}
	if _, err := unix.Write(r.sockets[side], frame); err == nil {
		r.count.passed.Add(1)
	} else {
		r.count.overrun.Add(1)
	}
}

func (r *relay) counts() Counts {
	c := Counts{
		Passed: r.count.passed.Load(), Lost: r.count.lost.Load(), Doubled: r.count.doubled.Load(),
		Delayed: r.count.delayed.Load(), Damaged: r.count.damaged.Load(), Marked: r.count.marked.Load(),
		TooBig: r.count.tooBig.Load(), CutUp: r.count.cutUp.Load(), Overrun: r.count.overrun.Load(),
	}
	for _, fd := range r.sockets {
		if s, err := unix.GetsockoptTpacketStats(fd, unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
			r.count.overrun.Add(uint64(s.Drops)) // reading them clears them
			c.Overrun += uint64(s.Drops)
		}
	}
	return c
}

func (r *relay) close() error {
	close(r.stop)
	r.running.Wait()
	var errs []error
	for _, fd := range r.sockets {
		if fd >= 0 {
			errs = append(errs, unix.Close(fd))
		}
	}
	return errors.Join(errs...)
}
