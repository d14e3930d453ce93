package netns_test

import (
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"bpfdb/internal/kerneltest"
	"bpfdb/runners/affinity"
	"bpfdb/runners/netns"
)

// A listener opened inside is reached from outside over the pair, and nothing is left.
func TestNamespace(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Tool("ip"))
	mine, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	first, err := netns.New()
	if err != nil {
		t.Fatal(err)
	}
	second, err := netns.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []*netns.Namespace{first, second} {
		echo(t, n)
		if err := n.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat("/sys/class/net/" + n.Peer()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("interface %s is left: %v", n.Peer(), err)
		}
	}
	if now, _ := os.Readlink("/proc/self/ns/net"); now != mine {
		t.Errorf("the process went from %s to %s", mine, now)
	}
}

// A link loses the share of packets that it is told to, in both directions, and no program is left.
func TestLoss(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.MinKernel, kerneltest.Tool("ip"))
	kerneltest.VerifyClean(t, "bpfdb_")
	n, err := netns.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Lossy(); err != nil {
		t.Fatal(errors.Join(err, n.Close()))
	}
	inside, outside := packets(t, n, n.Inside), packets(t, nil, n.Outside)
	for _, share := range []float64{0, 0.3, 1} {
		if err := n.Lose(share); err != nil {
			t.Fatal(err)
		}
		for from, to := range map[net.PacketConn]net.PacketConn{inside: outside, outside: inside} {
			got := float64(deliver(t, from, to)) / datagrams
			if got < 1-share-0.1 || got > 1-share+0.1 || (share == 0 && got < 1) {
				t.Errorf("%v to %v at a loss of %v: %v arrived", from.LocalAddr(), to.LocalAddr(), share, got)
			}
		}
	}
	inside.Close()
	outside.Close()
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}

const datagrams = 1000

// packets opens a UDP socket in the namespace, or here.
func packets(t *testing.T, n *netns.Namespace, at netip.Addr) (conn net.PacketConn) {
	t.Helper()
	err := affinity.OnThread(func() (err error) {
		if n != nil {
			err = n.Enter()
		}
		if err == nil {
			conn, err = net.ListenPacket("udp4", netip.AddrPortFrom(at, 0).String())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// Over a pair of interfaces a datagram arrives within microseconds, on a busy machine later.
const (
	soon = 5 * time.Millisecond
	late = 300 * time.Millisecond
)

// deliver sends datagrams and counts those that arrive. Each is waited for shortly, so that none overruns the receiver;
// one that comes later takes the place of another, or is met in the end.
func deliver(t *testing.T, from, to net.PacketConn) (arrived int) {
	t.Helper()
	for range datagrams {
		if _, err := from.WriteTo([]byte("x"), to.LocalAddr()); err != nil {
			t.Fatal(err)
		}
		if receive(to, soon) {
			arrived++
		}
	}
	for receive(to, late) {
		arrived++
	}
	return arrived
}

func receive(from net.PacketConn, within time.Duration) bool {
	from.SetReadDeadline(time.Now().Add(within))
	_, _, err := from.ReadFrom(make([]byte, 1))
	return err == nil
}

func echo(t *testing.T, n *netns.Namespace) {
	t.Helper()
	var listener net.Listener
	err := affinity.OnThread(func() error {
		if err := n.Enter(); err != nil {
			return err
		}
		var err error
		listener, err = net.Listen("tcp", netip.AddrPortFrom(n.Inside, 7).String())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() { // ends with the connection, or the listener
		if conn, err := listener.Accept(); err == nil {
			conn.Write([]byte("hi"))
			conn.Close()
		}
	}()
	conn, err := net.DialTimeout("tcp", listener.Addr().String(), 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if local := conn.LocalAddr().(*net.TCPAddr).AddrPort().Addr(); local != n.Outside {
		t.Errorf("connected from %v, want %v", local, n.Outside)
	}
	text := make([]byte, 2)
	if _, err := conn.Read(text); err != nil || string(text) != "hi" {
		t.Errorf("read %q, %v", text, err)
	}
}
