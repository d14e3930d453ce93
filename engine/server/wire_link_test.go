package server

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bpfdb/internal/impair"
	"bpfdb/internal/kerneltest"
	"bpfdb/internal/tcpcheck"
)

const linkTimeout = 90 * time.Second

// linkCase is a bad link and the clients behind it.
type linkCase struct {
	name string
	impair.Impairment
	mtu     int           // of the link's ends; 0: 1500
	receive int           // bytes of the clients' receive buffers; 0: the system's
	stall   time.Duration // clients wait up to so long before they read
	ops     int           // of each client
	long    int           // clients in the long mode; 0: longClients
	both    bool          // over IPv6 too
	shark   bool          // tshark looks at the packets, in the short mode
}

var linkCases = []linkCase{
	{name: "clean", ops: 1500, both: true},
	{name: "loss 0.1 %", Impairment: impair.Impairment{Loss: 0.001}, ops: 1500},
	{name: "loss 1 %", Impairment: impair.Impairment{Loss: 0.01}, ops: 1000},
	{name: "loss 5 %", Impairment: impair.Impairment{Loss: 0.05}, ops: 300, both: true, shark: true},
	{name: "duplicates", Impairment: impair.Impairment{Duplicate: 0.1}, ops: 1000},
	{name: "reordering", Impairment: impair.Impairment{Reorder: 0.1}, ops: 1000, shark: true},
	{name: "delay", Impairment: impair.Impairment{Delay: 50 * time.Millisecond}, ops: 200},
	{name: "damage", Impairment: impair.Impairment{Corrupt: 0.01}, ops: 500, both: true},
	{name: "small MTU", mtu: 576, ops: 1000},
	{name: "smallest MTU of IPv6", mtu: 1280, ops: 1000, both: true},
	{name: "narrow middle", Impairment: impair.Impairment{MTU: 700}, ops: 700},
	{name: "narrow middle of IPv6", Impairment: impair.Impairment{MTU: 1300}, ops: 700, both: true},
	{name: "tiny windows", receive: 2304, ops: 300, long: 8, both: true, shark: true},
	{name: "stalled readers", receive: 8192, stall: 20 * time.Millisecond, ops: 400},
	{
		name: "all", Impairment: impair.Impairment{Loss: 0.01, Duplicate: 0.02, Reorder: 0.05, Corrupt: 0.005},
		receive: 16384, stall: time.Millisecond, ops: 400, both: true,
	},
}

// longClients are as many as the link keeps busy in spite of the waiting.
const longClients = 128

// TestImpairedLink serves clients beyond links that lose, double, reorder, delay and damage packets or are narrow, and
// clients that hardly take replies: every reply is compared, none may be missing, and every packet
// of the server is checked. BPFDB_IMPAIR_OPS sets the operations over each link, which are then shared by more clients.
func TestImpairedLink(t *testing.T) {
	long := impairOps(t)
	l := newTestLink(t, PathWire)
	for _, c := range linkCases {
		hosts := []string{impair.Host, impair.Host6}
		if !c.both {
			hosts = hosts[:1]
		}
		for _, host := range hosts {
			clients := 4
			if long > 0 {
				if clients = c.long; clients == 0 {
					clients = longClients
				}
				c.ops = (long + clients - 1) / clients
			}
			c.shark = c.shark && long == 0
			t.Run(c.name+" "+host, func(t *testing.T) { l.run(t, host, c, clients) })
		}
	}
}

func impairOps(t *testing.T) int {
	text := os.Getenv("BPFDB_IMPAIR_OPS")
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("BPFDB_IMPAIR_OPS=%s: want a number of operations", text)
	}
	return n
}

// testLink is an impaired link with a server at its end, and what checks its packets.
type testLink struct {
	*impair.Link
	server  *Server
	checker *tcpcheck.Checker
}

// newTestLink opens a link for the length of the test.
func newTestLink(t testing.TB, path Path) *testLink {
	t.Helper()
	kerneltest.Require(t, kerneltest.Root, kerneltest.MinKernel, kerneltest.BTF, kerneltest.Cgroup2)
	link, err := impair.Open(impair.Impairment{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := link.Close(); err != nil {
			t.Error(err)
		}
	})
	options := Options{Path: path, Addr: "[::]:0"}
	if path == PathWire {
		options.Interfaces = []string{impair.HostInterface}
	}
	s := startTest(t, options)
	l := &testLink{link, s, tcpcheck.New(s.Addr().Port())}
	l.Watch(l.checker)
	return l
}

// dial connects a client that starts with a receive buffer of so many bytes.
func (l *testLink) dial(t testing.TB, host string, receive int) *net.TCPConn {
	t.Helper()
	address := net.JoinHostPort(host, strconv.Itoa(int(l.server.Addr().Port())))
	conn, err := l.Dial(address, linkTimeout, func(fd int) error {
		if receive == 0 {
			return nil
		}
		return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receive/2) // the kernel doubles it
	})
	if err != nil {
		t.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

func (l *testLink) run(t *testing.T, host string, c linkCase, clients int) {
	mtu := c.mtu
	if mtu == 0 {
		mtu = 1500
	}
	if err := errors.Join(l.SetMTU(mtu), l.ForgetPaths()); err != nil {
		t.Fatal(err)
	}
	if err := l.server.db.FlushAll(); err != nil {
		t.Fatal(err)
	}
	l.checker.Clear()
	watch := watchers{l.checker}
	if dir := os.Getenv("BPFDB_IMPAIR_PCAP"); dir != "" {
		capture, err := tcpcheck.NewCapture(filepath.Join(dir, filepath.Base(t.Name())+".pcap"))
		if err != nil {
			t.Fatal(err)
		}
		defer capture.Close()
		watch = append(watch, capture)
	}
	if c.shark {
		capture, check := l.capture(t)
		watch = append(watch, capture)
		defer check()
	}
	l.Watch(watch)
	before, batches, resent := l.Counts(), l.server.counter("fast_batches"), l.server.counter("wire_resent")
	var conns []*net.TCPConn
	for range clients {
		conns = append(conns, l.dial(t, host, c.receive))
	}
	l.Impair(c.Impairment)
	var running sync.WaitGroup
	begin := time.Now()
	for id, conn := range conns {
		running.Go(func() {
			defer conn.Close()
			if err := converseChecked(conn, id, c.ops, c.stall); err != nil {
				t.Errorf("client %d: %v", id, err)
			}
		})
	}
	running.Wait()
	took := time.Since(begin)
	l.Impair(impair.Impairment{})
	batches = l.server.counter("fast_batches") - batches
	t.Logf("%d operations in %.1f s, %d batches in place, %d resent; frames: %+v; checked: %+v", clients*c.ops,
		took.Seconds(), batches, l.server.counter("wire_resent")-resent, l.Counts().Sub(before), l.checker.Counts())
	if batches == 0 {
		t.Error("nothing was answered in place")
	}
	if err := l.checker.Err(); err != nil {
		t.Errorf("packets of the server:\n%v", err)
	}
	if n := l.checker.Counts(); n.Connections < uint64(clients) || n.Sent == 0 {
		t.Errorf("checked %+v: not all was seen", n)
	}
}

// watchers are told one after the other.
type watchers []impair.Watcher

func (w watchers) Received(frame []byte) {
	for _, one := range w {
		one.Received(frame)
	}
}

func (w watchers) Sent(frame []byte) {
	for _, one := range w {
		one.Sent(frame)
	}
}
