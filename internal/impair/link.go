// Package impair connects this network namespace to one of its own by a bad link: frames are lost, doubled,
// delayed, overtaken and damaged as a seed says. It is for tests on kernels without netem, and needs root and ip(8).
//
// The ends are veth pairs; between them a relay copies Ethernet frames from one packet socket to another. Offloads
// are off, so that frames on the link are what they would be on a cable.
package impair

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Host and Peer are the addresses of the two ends: of this namespace and of the other.
const (
	Host = "198.51.100.1"
	Peer = "198.51.100.2"
	// Host6 and Peer6 are the same for IPv6.
	Host6 = "2001:db8:ffff::1"
	Peer6 = "2001:db8:ffff::2"
)

const minMTU6 = 1280

// HostInterface is the name of the host's end.
const HostInterface = "impair0"

// Names of the interfaces: the host's end, its relay end, the peer's end and its relay end.
const (
	hostEnd   = HostInterface
	hostRelay = "impair1"
	peerEnd   = "impair2"
	peerRelay = "impair3"
)

// Link is a running link; one at a time can exist.
type Link struct {
	jobs  chan func()
	relay *relay
	done  chan struct{}
}

// Open makes the link and starts it.
func Open(i Impairment) (*Link, error) {
	l := &Link{jobs: make(chan func()), done: make(chan struct{})}
	ready := make(chan error)
	go l.inhabit(ready) // ends with Close
	if err := <-ready; err != nil {
		return nil, err
	}
	var err error
	l.Inside(func() { l.relay, err = startRelay(i) })
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// inhabit owns the thread that lives in the peer's namespace; the namespace ends with it.
func (l *Link) inhabit(ready chan<- error) {
	runtime.LockOSThread()
	defer close(l.done)
	here, err := os.Open("/proc/thread-self/ns/net")
	if err == nil {
		defer here.Close()
		err = unix.Unshare(unix.CLONE_NEWNET)
	}
	if err == nil {
		err = build(here)
	}
	ready <- err
	if err != nil {
		return
	}
	for job := range l.jobs {
		job()
	}
}

// build makes the interfaces, in the namespace of the thread, and moves the host's end to the other.
func build(host *os.File) error {
	inside := [][]string{
		{"link", "set", "lo", "up"},
		{"link", "add", peerEnd, "type", "veth", "peer", "name", peerRelay},
		{"link", "set", hostRelay, "up", "arp", "off"},
		{"link", "set", peerRelay, "up", "arp", "off"},
		{"link", "set", peerEnd, "up"},
		{"addr", "add", Peer + "/24", "dev", peerEnd},
		{"addr", "add", Peer6 + "/64", "dev", peerEnd, "nodad"},
	}
	outside := [][]string{
		{"link", "set", hostEnd, "up"},
		{"addr", "add", Host + "/24", "dev", hostEnd},
		{"addr", "add", Host6 + "/64", "dev", hostEnd, "nodad"},
	}
	there, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(there)
	pair := []string{"link", "add", hostRelay, "type", "veth", "peer", "name", hostEnd, "netns", "/proc/self/fd/3"}
	if err := ip(pair, host); err != nil {
		return err
	}
	for _, args := range inside {
		if err := ip(args); err != nil {
			return err
		}
	}
	if err := offloadsOff(peerEnd); err != nil {
		return err
	}
	if err := unix.Setns(int(host.Fd()), unix.CLONE_NEWNET); err != nil {
		return err
	}
	for _, args := range outside {
		err = errors.Join(err, ip(args))
	}
	return errors.Join(err, offloadsOff(hostEnd), unix.Setns(there, unix.CLONE_NEWNET))
}

// ip runs ip(8) in the namespace of the thread, with files as its descriptors 3 and up.
func ip(args []string, files ...*os.File) error {
	command := exec.Command("ip", args...)
	command.ExtraFiles = files
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// offloadsOff has the kernel segment and sum what the interface sends.
func offloadsOff(name string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	for _, command := range []uint32{unix.ETHTOOL_STSO, unix.ETHTOOL_SGSO, unix.ETHTOOL_STXCSUM} {
		value := [2]uint32{command, 0}
		request := struct {
			name [unix.IFNAMSIZ]byte
			data unsafe.Pointer
			_    [16]byte
		}{data: unsafe.Pointer(&value)}
		copy(request.name[:], name)
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL,
			uintptr(unsafe.Pointer(&request))); errno != 0 {
			return fmt.Errorf("switch off offloads of %s: %w", name, errno)
		}
	}
	return nil
}

// Inside runs job on a thread in the peer's namespace.
func (l *Link) Inside(job func()) {
	done := make(chan struct{})
	l.jobs <- func() { job(); close(done) }
	<-done
}

// Dial connects from the peer; control, which may be nil, sees the socket before it connects.
func (l *Link) Dial(address string, timeout time.Duration, control func(fd int) error) (conn net.Conn, err error) {
	deadline := time.Now().Add(timeout)
	l.Inside(func() {
		d := net.Dialer{Deadline: deadline, FallbackDelay: -1}
		if control != nil {
			d.Control = func(_, _ string, raw syscall.RawConn) error {
				var err error
				return errors.Join(raw.Control(func(fd uintptr) { err = control(int(fd)) }), err)
			}
		}
		conn, err = d.Dial("tcp", address)
	})
	return conn, err
}

// Counts tells what the relay did to frames so far.
func (l *Link) Counts() Counts { return l.relay.counts() }

// Close ends the relay and takes the interfaces away.
func (l *Link) Close() error {
	var err error
	if l.relay != nil {
		err = l.relay.close()
	}
	l.Inside(func() {
		err = errors.Join(err, ip([]string{"link", "del", hostRelay}), ip([]string{"link", "del", peerEnd}))
	})
	close(l.jobs)
	<-l.done
	return err
}

// Impair changes what happens to frames from now on; the seed stays.
func (l *Link) Impair(i Impairment) { l.relay.set(i) }

// ForgetPaths has both ends forget what they learned of the path's MTU; the caller is in the host's namespace.
func (l *Link) ForgetPaths() error {
	flush := func() error {
		return errors.Join(ip([]string{"route", "flush", "cache"}), ip([]string{"-6", "route", "flush", "cache"}))
	}
	err := flush()
	l.Inside(func() { err = errors.Join(err, flush()) })
	return err
}

// Watch has a watcher told of the frames from now on; nil: nobody.
func (l *Link) Watch(w Watcher) { l.relay.watch.Store(&w) }

// SetMTU changes that of both ends of the link; the caller is in the host's namespace.
func (l *Link) SetMTU(mtu int) error {
	set := func(name, address6 string) error {
		err := ip([]string{"link", "set", name, "mtu", strconv.Itoa(mtu)})
		if mtu < minMTU6 { // the kernel takes all addresses of IPv6 away
			return err
		}
		return errors.Join(err, ip([]string{"addr", "replace", address6 + "/64", "dev", name, "nodad"}))
	}
	err := set(hostEnd, Host6)
	l.Inside(func() { err = errors.Join(err, set(peerEnd, Peer6)) })
	return err
}

// Counts of frames.
type Counts struct {
	Passed, Lost, Doubled, Delayed, Damaged, Marked uint64
	TooBig, CutUp                                   uint64 // for the MTU in the middle
	Overrun                                         uint64 // lost because the relay, or an end, was too slow
}

// Sub gives what came since an earlier time.
func (c Counts) Sub(b Counts) Counts {
	return Counts{
		c.Passed - b.Passed, c.Lost - b.Lost, c.Doubled - b.Doubled, c.Delayed - b.Delayed, c.Damaged - b.Damaged,
		c.Marked - b.Marked, c.TooBig - b.TooBig, c.CutUp - b.CutUp, c.Overrun - b.Overrun,
	}
}

type counters struct {
	passed, lost, doubled, delayed, damaged, marked, tooBig, cutUp, overrun atomic.Uint64
}
