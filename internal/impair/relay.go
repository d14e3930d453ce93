package impair

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
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
	Corrupt   float64       // one bit of a TCP segment is turned
	Delay     time.Duration // of all frames
}

const (
	maxFrame  = 65536
	ethernet  = 14
	reorderBy = 2 * time.Millisecond
	pollTimer = 100 // ms between looks whether the relay is to stop
)

type relay struct {
	sockets [2]int
	running sync.WaitGroup
	stop    chan struct{}
	count   counters
}

// startRelay connects the relay ends in the namespace of the thread.
func startRelay(i Impairment) (*relay, error) {
	if i.ReorderBy == 0 {
		i.ReorderBy = reorderBy
	}
	r := &relay{sockets: [2]int{-1, -1}, stop: make(chan struct{})}
	for n, name := range []string{hostRelay, peerRelay} {
		fd, err := packetSocket(name)
		if err != nil {
			return nil, errors.Join(err, r.close())
		}
		r.sockets[n] = fd
	}
	for n := range r.sockets {
		random := rand.New(rand.NewPCG(i.Seed, uint64(n)))
		r.running.Go(func() { r.copy(r.sockets[n], r.sockets[1-n], i, random) })
	}
	return r, nil
}

func packetSocket(name string) (int, error) {
	dev, err := net.InterfaceByName(name)
	if err != nil {
		return -1, err
	}
	all := uint16(unix.ETH_P_ALL>>8 | unix.ETH_P_ALL<<8&0xff00)
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, int(all))
	if err != nil {
		return -1, fmt.Errorf("packet socket: %w", err)
	}
	err = errors.Join(unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: dev.Index}),
		unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1),
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 16<<20))
	if err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("packet socket on %s: %w", name, err)
	}
	return fd, nil
}

// copy moves frames in one direction until the relay stops.
func (r *relay) copy(from, to int, i Impairment, random *rand.Rand) {
	frame := make([]byte, maxFrame)
	for {
		select {
		case <-r.stop:
			return
		default:
		}
		poll := []unix.PollFd{{Fd: int32(from), Events: unix.POLLIN}}
		if n, err := unix.Poll(poll, pollTimer); n <= 0 || err != nil {
			continue
		}
		n, _, err := unix.Recvfrom(from, frame, unix.MSG_DONTWAIT)
		if err == nil && n > ethernet {
			r.treat(to, frame[:n], i, random)
		}
	}
}

// treat rolls every die for every frame, so that a seed means the same whatever the shares are.
func (r *relay) treat(to int, frame []byte, i Impairment, random *rand.Rand) {
	lost, doubled := random.Float64() < i.Loss, random.Float64() < i.Duplicate
	late, damaged := random.Float64() < i.Reorder, random.Float64() < i.Corrupt
	where := random.IntN(1 << 30)
	if lost {
		r.count.lost.Add(1)
		return
	}
	if damaged {
		r.count.damaged.Add(1)
		bit := where % ((len(frame) - ethernet) * 8)
		frame[ethernet+bit/8] ^= 1 << (bit % 8)
	}
	delay := i.Delay
	if late {
		r.count.delayed.Add(1)
		delay += i.ReorderBy
	}
	copies := 1
	if doubled {
		r.count.doubled.Add(1)
		copies = 2
	}
	for range copies {
		if delay == 0 {
			r.send(to, frame)
			continue
		}
		later := append([]byte(nil), frame...)
		r.running.Add(1)
		time.AfterFunc(delay, func() { r.send(to, later); r.running.Done() })
	}
}

// send drops what does not fit, as a link does.
func (r *relay) send(to int, frame []byte) {
	if _, err := unix.Write(to, frame); err == nil {
		r.count.passed.Add(1)
	}
}

func (r *relay) counts() Counts {
	return Counts{r.count.passed.Load(), r.count.lost.Load(), r.count.doubled.Load(), r.count.delayed.Load(),
		r.count.damaged.Load()}
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
