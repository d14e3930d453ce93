package server

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bpfdb/internal/impair"
)

// TestWireBehaviour has clients do on purpose what the splice must survive, each packet of the server checked.
func TestWireBehaviour(t *testing.T) {
	l := newTestLink(t, PathWire)
	for _, test := range []struct {
		name string
		six  bool // over IPv6 too
		do   func(t *testing.T, l *testLink, host string)
	}{
		{"path MTU", true, pathMTU},
		{"path MTU, the kernel's socket", true, pathMTUOfSocket},
		{"silent router", true, silentRouter},
		{"congestion marks", false, congestionMarks},
		{"fragments from the start", false, fragmentsFirst},
		{"fragments later", false, fragmentsLater},
		{"IP options", true, ipOptions},
		{"damaged IP header", true, damagedHeader},
		{"keepalive", true, keepalive},
		{"half-close", true, halfClose},
		{"reused port", true, reusedPort},
		{"more than ten segments", true, tenSegments},
		{"replies that do not fit", true, repliesBeyond},
	} {
		for _, host := range []string{impair.Host, impair.Host6} {
			if host == impair.Host6 && !test.six {
				continue
			}
			t.Run(test.name+" "+host, func(t *testing.T) {
				l.prepare(t)
				test.do(t, l, host)
				l.Impair(impair.Impairment{})
				if err := l.checker.Err(); err != nil {
					t.Errorf("packets of the server:\n%v", err)
				}
			})
		}
	}
}

// prepare makes the link good, and the checker new.
func (l *testLink) prepare(t *testing.T) {
	t.Helper()
	l.Impair(impair.Impairment{})
	if err := errors.Join(l.SetMTU(1500), l.ForgetPaths(), l.server.db.FlushAll()); err != nil {
		t.Fatal(err)
	}
	l.checker.Clear()
	l.Watch(l.checker)
}

// connect dials and has the first requests answered in place: the numbers of both streams are moved.
func (l *testLink) connect(t *testing.T, host string) client {
	t.Helper()
	c := client{t, l.dial(t, host, 0)}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(testTimeout)); err != nil {
		t.Fatal(err)
	}
	untilFast(t, c, l.server)
	return c
}

func (c client) set(key, value string) {
	c.t.Helper()
	c.send(request("SET", key, value))
	c.expect([]byte("+OK\r\n"))
}

func (c client) get(key, value string) {
	c.t.Helper()
	c.send(request("GET", key))
	c.expect(bulkReply(value))
}

// narrow is less than one segment, but what IPv6 has at least.
const narrow = 1300

// pathMTU: replies made in place meet a router that refuses them once, and fit from then on.
func pathMTU(t *testing.T, l *testLink, host string) {
	value := strings.Repeat("v", 5000)
	c := l.connect(t, host)
	c.set("big", value)
	l.Impair(impair.Impairment{MTU: narrow})
	before := l.Counts()
	c.get("big", value)
	refused := l.Counts().Sub(before)
	batches := l.server.counter("fast_batches")
	c.get("big", value)
	c.get("big", value)
	after := l.Counts().Sub(before)
	if refused.TooBig == 0 || after.TooBig != refused.TooBig || after.CutUp > refused.CutUp {
		t.Errorf("the router refused %+v, then %+v: want some, then no more", refused, after)
	}
	if got := l.server.counter("fast_batches") - batches; got != 2 {
		t.Errorf("%d of 2 replies made in place", got)
	}
}

// pathMTUOfSocket: the kernel's socket understands what routers say of the numbers on the wire.
func pathMTUOfSocket(t *testing.T, l *testLink, host string) {
	value := strings.Repeat("v", 60000) // more than is answered in place
	c := l.connect(t, host)
	c.set("big", value)
	untilFast(t, c, l.server)
	l.Impair(impair.Impairment{MTU: narrow})
	before := l.Counts()
	begin := time.Now()
	c.get("big", value)
	refused := l.Counts().Sub(before)
	c.get("big", value)
	after := l.Counts().Sub(before)
	if refused.TooBig == 0 || after.TooBig != refused.TooBig {
		t.Errorf("the router refused %+v, then %+v: want some, then no more", refused, after)
	}
	t.Logf("%d bytes after %v", len(value), time.Since(begin))
	untilFast(t, c, l.server)
	c.set("big", "small")
	c.get("big", "small")
}

// silentRouter: nobody says why large segments get lost; after a few they are small.
func silentRouter(t *testing.T, l *testLink, host string) {
	value := strings.Repeat("v", 2500)
	c := l.connect(t, host)
	c.set("big", value[:1000])
	c.set("big2", value[1000:1900])
	l.Impair(impair.Impairment{MTU: narrow, Silent: true})
	c.send(request("APPEND", "big", value[:700]))
	c.expect([]byte(":1700\r\n"))
	for range 8 {
		c.get("big", value[:1000]+value[:700])
	}
	before := l.Counts()
	for range 5 {
		c.get("big", value[:1000]+value[:700])
	}
	if lost := l.Counts().Sub(before).TooBig; lost > 0 {
		t.Errorf("%d segments too large after the first replies", lost)
	}
}

// fragmentsFirst: a client whose requests come in fragments is served by the kernel's socket. The checker does not
// put them together.
func fragmentsFirst(t *testing.T, l *testLink, host string) {
	l.Watch(nil)
	l.Impair(impair.Impairment{MTU: narrow})
	c := l.fragmenting(t, host)
	before, batches := l.Counts(), l.server.counter("fast_batches")
	for n := range 5 {
		value := strings.Repeat(string(rune('a'+n)), 4000)
		c.set("key", value)
		c.get("key", value)
	}
	if cut := l.Counts().Sub(before).CutUp; cut == 0 {
		t.Error("nothing came in fragments")
	}
	if got := l.server.counter("fast_batches") - batches; got != 0 {
		t.Errorf("%d batches answered in place", got)
	}
}

// fragmentsLater: where numbers were moved, fragments cannot be understood. The client is told so at once.
func fragmentsLater(t *testing.T, l *testLink, host string) {
	c := l.fragmenting(t, host)
	untilFast(t, c, l.server)
	l.Impair(impair.Impairment{MTU: narrow})
	c.send(request("SET", "key", strings.Repeat("v", 4000)))
	c.expectReset()
}

// fragmenting dials a client whose packets routers may cut up.
func (l *testLink) fragmenting(t *testing.T, host string) client {
	t.Helper()
	c := client{t, l.dial(t, host, 0)}
	t.Cleanup(func() { c.Close() })
	c.option(unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DONT)
	if err := c.SetDeadline(time.Now().Add(testTimeout)); err != nil {
		t.Fatal(err)
	}
	return c
}

// option sets one of the client's socket.
func (c client) option(level, name, value int) {
	c.t.Helper()
	c.control(func(fd int) error { return unix.SetsockoptInt(fd, level, name, value) })
}

func (c client) control(do func(fd int) error) {
	c.t.Helper()
	raw, err := c.SyscallConn()
	if err == nil {
		err = errors.Join(raw.Control(func(fd uintptr) { err = do(int(fd)) }), err)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// ipOptions: packets with more than the usual headers go to the kernel's socket, those before and after do not.
func ipOptions(t *testing.T, l *testLink, host string) {
	c := l.connect(t, host)
	for round := range 3 {
		value := fmt.Sprint("round ", round)
		c.set("key", value)
		if host == impair.Host {
			c.control(func(fd int) error { // padding, no more
				return unix.SetsockoptString(fd, unix.IPPROTO_IP, unix.IP_OPTIONS, "\x01\x01\x01\x00")
			})
		} else {
			padding := "\x00\x00\x01\x04\x00\x00\x00\x00" // a header with six bytes of it
			c.control(func(fd int) error {
				return unix.SetsockoptString(fd, unix.IPPROTO_IPV6, unix.IPV6_DSTOPTS, padding)
			})
		}
		batches := l.server.counter("fast_batches")
		c.get("key", value)
		c.set("key", value+" again")
		if got := l.server.counter("fast_batches") - batches; got != 0 {
			t.Errorf("%d batches with options answered in place", got)
		}
		c.control(func(fd int) error {
			if host == impair.Host {
				return unix.SetsockoptString(fd, unix.IPPROTO_IP, unix.IP_OPTIONS, "")
			}
			return unix.SetsockoptString(fd, unix.IPPROTO_IPV6, unix.IPV6_DSTOPTS, "")
		})
		untilFast(t, c, l.server)
		c.get("key", value+" again")
	}
}

// damagedHeader: what the kernel would drop for its IP header is not answered, also where no checksum covers that.
func damagedHeader(t *testing.T, l *testLink, host string) {
	length, port := 2, 22
	if host == impair.Host6 {
		length, port = 4, 42
	}
	for name, damage := range map[string]func(ip []byte){
		"length of zero": func(ip []byte) { ip[length], ip[length+1] = 0, 0 },
		"version":        func(ip []byte) { ip[0] ^= 0x80 },
	} {
		c := l.connect(t, host)
		c.set("key", "value")
		var damaged atomic.Int32
		l.Impair(impair.Impairment{Change: func(frame []byte) {
			if ip := frame[14:]; binary.BigEndian.Uint16(ip[port:]) == l.server.Addr().Port() {
				damage(ip)
				damaged.Add(1)
			}
		}})
		fast := l.server.counter("fast_batches")
		c.send(request("GET", "key"))
		waitUntil(t, name+": a request was damaged", func() bool { return damaged.Load() > 0 })
		time.Sleep(silence)
		if n := l.server.counter("fast_batches") - fast; n > 0 {
			t.Errorf("%s: %d requests answered in place", name, n)
		}
		l.Impair(impair.Impairment{})
		c.expect([]byte("$5\r\nvalue\r\n"))
	}
}

// keepalive: probes are answered, whatever was taken in place.
func keepalive(t *testing.T, l *testLink, host string) {
	c := l.connect(t, host)
	c.set("key", "value")
	c.option(unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)
	for name, value := range map[int]int{unix.TCP_KEEPIDLE: 1, unix.TCP_KEEPINTVL: 1, unix.TCP_KEEPCNT: 2} {
		c.option(unix.IPPROTO_TCP, name, value)
	}
	before := l.checker.Counts()
	time.Sleep(2500 * time.Millisecond)
	after := l.checker.Counts()
	if after.Received == before.Received || after.Sent == before.Sent {
		t.Errorf("received %d and sent %d packets while idle, want probes and answers",
			after.Received-before.Received, after.Sent-before.Sent)
	}
	c.get("key", "value")
}

// halfClose: what was asked before the FIN is answered, then comes the server's.
func halfClose(t *testing.T, l *testLink, host string) {
	for _, words := range []string{"", "PING", "SET k v", "APPEND k v"} { // in place, and in user space
		c := l.connect(t, host)
		if words != "" {
			c.send(request(strings.Fields(words)...))
		}
		if err := c.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		rest, err := io.ReadAll(c)
		want := map[string]string{"": "", "PING": "+PONG\r\n", "SET k v": "+OK\r\n", "APPEND k v": ":2\r\n"}[words]
		if string(rest) != want || err != nil {
			t.Errorf("%q: got %q, %v, want %q", words, rest, err, want)
		}
	}
}

// reusedPort: connections of one port follow another, ended in each way; no reply is kept for those that are gone.
func reusedPort(t *testing.T, l *testLink, host string) {
	used := l.server.wire.collection.Variables["buffer_used"]
	var before, after uint64
	if err := used.Get(&before); err != nil {
		t.Fatal(err)
	}
	port := 0
	for round := range 60 {
		var conn *net.TCPConn
		var err error
		waitUntil(t, "the client's side of the port is free", func() bool {
			conn, err = l.dialFrom(host, port)
			return !errors.Is(err, unix.EADDRNOTAVAIL)
		})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		port = conn.LocalAddr().(*net.TCPAddr).Port
		c := client{t, conn}
		if err := c.SetDeadline(time.Now().Add(testTimeout)); err != nil {
			t.Fatal(err)
		}
		value := fmt.Sprint("round ", round)
		c.set("key", value)
		c.get("key", value)
		switch round % 3 {
		case 0: // RST, with a reply under way
			c.send(request("GET", "key"))
			err = c.SetLinger(0)
		case 1: // the client's FIN first: its side waits, so that it is the server's turn next
			err = c.CloseWrite()
			c.expectEnd()
			port = 0
		case 2: // the server's FIN first
			c.send(request("QUIT"))
			c.expect([]byte("+OK\r\n"))
			c.expectEnd()
		}
		if err = errors.Join(err, c.Close()); err != nil && !errors.Is(err, syscall.ECONNRESET) {
			t.Fatalf("round %d: %v", round, err)
		}
	}
	if err := used.Get(&after); err != nil {
		t.Fatal(err)
	}
	if after-before > 25 { // a client's end may be forgotten two seconds later
		t.Errorf("%d buffers for one connection at a time", after-before)
	}
}

// dialFrom connects from a port; 0: any.
func (l *testLink) dialFrom(host string, port int) (conn *net.TCPConn, err error) {
	l.Inside(func() {
		d := net.Dialer{Timeout: testTimeout, FallbackDelay: -1, LocalAddr: &net.TCPAddr{Port: port}}
		d.Control = func(_, _ string, raw syscall.RawConn) error {
			var err error
			return errors.Join(raw.Control(func(fd uintptr) {
				err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
			}), err)
		}
		var c net.Conn
		if c, err = d.Dial("tcp", net.JoinHostPort(host, fmt.Sprint(l.server.Addr().Port()))); err == nil {
			conn = c.(*net.TCPConn)
		}
	})
	return conn, err
}

// tenSegments: what exceeds the window of the path goes over the kernel's socket, in order.
func tenSegments(t *testing.T, l *testLink, host string) {
	c := l.connect(t, host)
	var send, want []byte
	for n := range 12 {
		key, value := fmt.Sprint("key", n), strings.Repeat(string(rune('a'+n)), 4000)
		c.set(key, value)
		send, want = append(send, request("GET", key)...), append(want, bulkReply(value)...)
	}
	l.Impair(impair.Impairment{Delay: 20 * time.Millisecond})
	for range 3 {
		batches, commands := l.server.counter("fast_batches"), l.server.counter("commands")
		c.send(send)
		c.expect(want)
		if b := l.server.counter("fast_batches") - batches; b > 1 {
			t.Errorf("%d batches in place of %d commands", b, l.server.counter("commands")-commands)
		}
	}
}

// congestionMarks: the client is told of marks until it says that it heard, whoever answers it.
func congestionMarks(t *testing.T, l *testLink, host string) {
	var old []byte
	const setting = "/proc/sys/net/ipv4/tcp_ecn" // of the thread's namespace
	l.Inside(func() {
		var err error
		if old, err = os.ReadFile(setting); err == nil {
			err = os.WriteFile(setting, []byte("1"), 0)
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	defer l.Inside(func() {
		if err := os.WriteFile(setting, old, 0); err != nil {
			t.Error(err)
		}
	})
	c := l.connect(t, host)
	l.Impair(impair.Impairment{Mark: 0.1})
	before, batches := l.Counts(), l.server.counter("fast_batches")
	if err := converseChecked(c, 1, 2000, 0); err != nil {
		t.Error(err)
	}
	marked, batches := l.Counts().Sub(before).Marked, l.server.counter("fast_batches")-batches
	if n := l.checker.Counts(); marked == 0 || batches == 0 || n.Echoes == 0 {
		t.Errorf("%d packets marked, %d batches in place, checked %+v: want some of each", marked, batches, n)
	}
}
