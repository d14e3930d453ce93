// Package netns makes a network namespace for one server, joined to ours by a pair of veth
// interfaces. The namespace has no name anywhere: it exists as long as something is in it or
// holds it, so whatever becomes of this program, it and both interfaces go with the server.
package netns

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"

	"bpfdb/runners/affinity"

	"golang.org/x/sys/unix"
)

// ErrNamespace means that the kernel or ip(8) refused; the text says what.
var ErrNamespace = errors.New("cannot make a network namespace")

// Namespace is a network namespace with one veth interface, whose peer is in ours.
type Namespace struct {
	Inside  netip.Addr // address of the interface in the namespace
	Outside netip.Addr // address of its peer here

	handle *os.File
	peer   string // name of the interface here
	loss   *loss  // nil: the link loses nothing
}

// insideName is the interface's name in the namespace.
const insideName = "veth0"

// subnets of two addresses that RFC 2544 sets aside for benchmarks, 198.18.0.0/15.
const subnets = 1 << 15

// made counts namespaces, so that each has its own interfaces and addresses.
var made atomic.Uint32

// New makes a namespace. It needs CAP_NET_ADMIN and CAP_SYS_ADMIN.
func New() (*Namespace, error) {
	number := made.Add(1)
	subnet := (uint32(os.Getpid()) + number<<10) % subnets
	at := func(host uint32) netip.Addr {
		address := uint32(198)<<24 | 18<<16 | subnet<<2 | host
		return netip.AddrFrom4([4]byte{byte(address >> 24), byte(address >> 16), byte(address >> 8), byte(address)})
	}
	n := &Namespace{Inside: at(2), Outside: at(1), peer: fmt.Sprintf("bb%dx%d", os.Getpid(), number%100)}
	err := affinity.OnThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("unshare: %w", err)
		}
		var err error
		if n.handle, err = os.Open("/proc/thread-self/ns/net"); err != nil {
			return err
		}
		// A process number stands for the namespace of its first thread, which stays where it was.
		return ip("link add "+insideName+" type veth peer name "+n.peer+" netns "+strconv.Itoa(os.Getpid()),
			"addr add "+n.Inside.String()+"/30 dev "+insideName, "link set "+insideName+" up", "link set lo up")
	})
	if err == nil {
		err = ip("addr add "+n.Outside.String()+"/30 dev "+n.peer, "link set "+n.peer+" up")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNamespace, errors.Join(err, n.Close()))
	}
	return n, nil
}

// Peer is the name of the interface on our side.
func (n *Namespace) Peer() string { return n.peer }

// Enter moves the calling thread into the namespace, and what it starts is there, too. It is
// for affinity.OnThread.
func (n *Namespace) Enter() error {
	if err := unix.Setns(int(n.handle.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter network namespace: %w", err)
	}
	return nil
}

// Close removes the interfaces and lets go of the namespace.
func (n *Namespace) Close() error {
	if n.handle == nil {
		return nil
	}
	err := n.loss.close()
	if _, statErr := os.Stat("/sys/class/net/" + n.peer); statErr == nil {
		err = errors.Join(err, ip("link del "+n.peer))
	}
	return errors.Join(err, n.handle.Close())
}

// ip runs ip(8) once for each line of arguments.
func ip(lines ...string) error {
	for _, line := range lines {
		out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("ip %s: %w: %s", line, err, strings.TrimSpace(string(out)))
		}
	}
	return nil
}
