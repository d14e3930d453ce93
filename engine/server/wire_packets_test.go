package server

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bpfdb/internal/impair"
	"bpfdb/internal/kerneltest"
)

// TestWireSuperPackets has requests come in packets larger than the link's MTU: segments that the client left to its
// device to cut, and ones that the receiving interface put together.
func TestWireSuperPackets(t *testing.T) {
	kerneltest.Require(t, kerneltest.Tool("ethtool"))
	for _, test := range []struct {
		name    string
		prepare func(host, container *namespace)
	}{
		{"cut by nobody", func(_, _ *namespace) {}},
		{"put together on receipt", func(host, container *namespace) {
			container.command("", "ethtool", "-K", "eth0", "tso", "off", "gso", "off")
			host.command("", "ethtool", "-K", "host0", "gro", "on")
			// Else each frame is taken as soon as it is sent, and there is nothing to put together.
			host.command("", "unshare", "-m", "sh", "-c",
				"mount -t sysfs sysfs /mnt && echo 1 >/mnt/class/net/host0/threaded")
		}},
	} {
		for _, address := range []string{"10.77.0.1", "fd77::1"} {
			t.Run(test.name+" "+address, func(t *testing.T) {
				host, container := newCable(t)
				test.prepare(host, container)
				s := host.start(Options{Path: PathWire, Addr: "[::]:0", Interfaces: []string{"host0"}})
				c := container.dial("", net.JoinHostPort(address, fmt.Sprint(s.Addr().Port())))
				untilFast(t, c, s)
				superPackets(t, c, s)
			})
		}
	}
}

// superPackets sends eight requests in one piece, each longer than a segment. Whether the kernel cuts it somewhere is a
// matter of its windows; whole ones are answered in place.
func superPackets(t *testing.T, c client, s *Server) {
	const requests, rounds = 8, 50
	whole := 0
	for round := range rounds {
		batches, commands := s.counter("fast_batches"), s.counter("commands")
		var send, replies, reads, values []byte
		for n := range requests {
			key, value := fmt.Sprint("key", n), strings.Repeat(string(rune('a'+(round+n)%26)), 2000)
			send, replies = append(send, request("SET", key, value)...), append(replies, "+OK\r\n"...)
			reads, values = append(reads, request("GET", key)...), append(values, bulkReply(value)...)
		}
		c.send(send)
		c.expect(replies)
		if s.counter("fast_batches")-batches == 1 && s.counter("commands")-commands == requests {
			whole++
		}
		c.send(reads)
		c.expect(values)
	}
	if whole == 0 {
		t.Errorf("none of %d packets of %d requests was answered as a whole", rounds, requests)
	}
}

// repliesBeyond: replies that need more than the window of the path go over the kernel's socket, after a few
// failures without another try each time; short ones are soon answered in place again.
func repliesBeyond(t *testing.T, l *testLink, host string) {
	const exchanges, tries = 40, 6 // the first, second, fourth and so on
	value := strings.Repeat("v", 2000)
	c := l.connect(t, host)
	c.set("key", value)
	send, want := bytes.Repeat(request("GET", "key"), 20), bytes.Repeat(bulkReply(value), 20)
	batches := l.server.counter("fast_batches")
	for range exchanges {
		c.send(send)
		c.expect(want)
	}
	if n := l.server.counter("fast_batches") - batches; n == 0 || n > tries {
		t.Errorf("%d tries in %d exchanges, want 1 to %d", n, exchanges, tries)
	}
	untilFast(t, c, l.server)
}

// TestWireVLAN sends a request with the tag of a VLAN: it is none of ours, whatever is in it. The same without a tag,
// which comes for the second time, gets an answer: that it is an old one.
func TestWireVLAN(t *testing.T) {
	kerneltest.Require(t, kerneltest.Tool("ethtool"))
	host, container := newCable(t)
	container.command("", "ethtool", "-K", "eth0", "tx", "off") // what is captured has its checksum
	s := host.start(Options{Path: PathWire, Addr: "[::]:0", Interfaces: []string{"host0"}})
	for _, address := range []string{"10.77.0.1", "fd77::1"} {
		t.Run(address, func(t *testing.T) {
			c := container.dial("", net.JoinHostPort(address, fmt.Sprint(s.Addr().Port())))
			untilFast(t, c, s)
			cable := container.openCable("eth0")
			c.send(request("GET", "vlan"))
			c.expect([]byte("$-1\r\n"))
			frame := cable.request(request("GET", "vlan"))
			tagged := slices.Concat(frame[:12], []byte{0x81, 0, 0, 5}, frame[12:])
			if n := cable.answers(tagged); n != 0 {
				t.Errorf("%d answers to a tagged frame", n)
			}
			if n := cable.answers(frame); n == 0 {
				t.Error("no answer to the frame without its tag")
			}
			c.send(request("GET", "vlan"))
			c.expect([]byte("$-1\r\n"))
		})
	}
}

// settled is long enough for an acknowledgement that is put off.
const settled = 300 * time.Millisecond

// cable is a packet socket on one of its ends.
type cable struct {
	t  testing.TB
	fd int
}

func (n *namespace) openCable(name string) cable {
	n.t.Helper()
	var fd int
	var err error
	n.do(func() { fd, err = impair.PacketSocket(name) })
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { unix.Close(fd) })
	return cable{n.t, fd}
}

// next is a frame that passed, nil when there are no more.
func (c cable) next() (frame []byte, outgoing bool) {
	frame = make([]byte, 1<<16)
	n, from, err := unix.Recvfrom(c.fd, frame, unix.MSG_DONTWAIT)
	if err == unix.EAGAIN {
		return nil, false
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return frame[:n], from.(*unix.SockaddrLinklayer).Pkttype == unix.PACKET_OUTGOING
}

// request is the last frame sent that ends in a request.
func (c cable) request(text []byte) (last []byte) {
	c.t.Helper()
	for frame, out := c.next(); frame != nil; frame, out = c.next() {
		if out && bytes.HasSuffix(frame, text) {
			last = frame
		}
	}
	if last == nil {
		c.t.Fatal("the request was not seen")
	}
	return last
}

// answers sends a frame and counts the segments that come back.
func (c cable) answers(frame []byte) (n int) {
	c.t.Helper()
	time.Sleep(settled)
	for f, _ := c.next(); f != nil; f, _ = c.next() { // what came before
	}
	if _, err := unix.Write(c.fd, frame); err != nil {
		c.t.Fatal(err)
	}
	time.Sleep(settled)
	for f, out := c.next(); f != nil; f, out = c.next() {
		if !out && isTCP(f) {
			n++
		}
	}
	return n
}

// isTCP leaves out what the kernel says of its own accord, such as who has an address.
func isTCP(frame []byte) bool {
	const etherType, protocol4, protocol6 = 12, 14 + 9, 14 + 6
	switch binary.BigEndian.Uint16(frame[etherType:]) {
	case unix.ETH_P_IP:
		return frame[protocol4] == unix.IPPROTO_TCP
	case unix.ETH_P_IPV6:
		return frame[protocol6] == unix.IPPROTO_TCP
	}
	return false
}
