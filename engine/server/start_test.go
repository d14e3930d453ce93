package server

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"bpfdb/engine"
	"bpfdb/internal/kerneltest"
)

// testTimeout bounds each wait: for a reply, for the end of a connection, for something to have happened.
const testTimeout = 20 * time.Second

var testedPaths = []Path{PathUser, PathSockmap, PathLocal, PathWire}

// onEveryPath runs the test once per path, on servers that most tests share: loading the programs takes the
// kernel's verifier longer than most tests take.
func onEveryPath(t *testing.T, test func(t *testing.T, s *Server)) {
	for _, path := range testedPaths {
		t.Run(string(path), func(t *testing.T) { test(t, sharedServer(t, path)) })
	}
}

var shared = struct {
	before  kerneltest.Inventory
	servers map[Path]*Server
	close   []func() error
}{servers: map[Path]*Server{}}

func TestMain(m *testing.M) {
	code := m.Run()
	if err := closeShared(); err != nil {
		fmt.Fprintln(os.Stderr, "shared servers:", err)
		code = 1
	}
	os.Exit(code)
}

func sharedServer(t *testing.T, path Path) *Server {
	t.Helper()
	requireKernel(t)
	if len(shared.servers) == 0 {
		var err error
		if shared.before, err = kerneltest.Snapshot(); err != nil {
			t.Fatal(err)
		}
	}
	if shared.servers[path] == nil {
		s, closeServer, err := open(Options{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		shared.servers[path], shared.close = s, append(shared.close, closeServer)
	}
	return shared.servers[path]
}

// closeShared ends the shared servers and looks for what they left in the kernel.
func closeShared() error {
	if len(shared.servers) == 0 {
		return nil
	}
	var errs []error
	for _, closeServer := range shared.close {
		errs = append(errs, closeServer())
	}
	left, err := kerneltest.LeftBehind(shared.before, "bpfdb")
	for _, o := range left {
		errs = append(errs, fmt.Errorf("left in the kernel: %s", o))
	}
	return errors.Join(append(errs, err)...)
}

func requireKernel(t testing.TB) {
	t.Helper()
	kerneltest.Require(t, kerneltest.Root, kerneltest.MinKernel, kerneltest.BTF, kerneltest.Cgroup2)
}

// open serves an empty database of its own, by default on a free port of the loopback interface.
func open(options Options) (s *Server, closeServer func() error, err error) {
	return openWith(engine.Options{}, options)
}

// openWith is open with options for the engine too.
func openWith(of engine.Options, options Options) (s *Server, closeServer func() error, err error) {
	of.MemoryBytes = 256 << 20
	db, err := engine.Open(of)
	if err != nil {
		return nil, nil, err
	}
	if options.Addr == "" {
		options.Addr = "127.0.0.1:0"
	}
	if s, err = Start(db, options, os.Stderr); err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return s, func() error {
		select {
		case err = <-s.Failed():
		default:
		}
		return errors.Join(err, s.Close(), db.Close())
	}, nil
}

// startTest serves for the length of the test, which fails if anything is left in the kernel.
func startTest(t testing.TB, options Options) *Server {
	t.Helper()
	return startWith(t, engine.Options{}, options)
}

// startWith is startTest with options for the engine too.
func startWith(t testing.TB, of engine.Options, options Options) *Server {
	t.Helper()
	requireKernel(t)
	kerneltest.VerifyClean(t, "bpfdb")
	s, closeServer, err := openWith(of, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := closeServer(); err != nil {
			t.Errorf("close server: %v", err)
		}
	})
	return s
}

// client is a connection whose every call fails the test instead of hanging.
type client struct {
	t testing.TB
	*net.TCPConn
}

func dial(t testing.TB, s *Server) client {
	t.Helper()
	conn, err := net.DialTimeout("tcp", s.Addr().String(), testTimeout)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	c := client{t, conn.(*net.TCPConn)}
	c.extend()
	return c
}

// extend gives the connection another testTimeout from now.
func (c client) extend() {
	c.t.Helper()
	if err := c.SetDeadline(time.Now().Add(testTimeout)); err != nil {
		c.t.Fatal(err)
	}
}

func (c client) send(p []byte) {
	c.t.Helper()
	c.extend()
	if _, err := c.Write(p); err != nil {
		c.t.Fatalf("send: %v", err)
	}
}

// expect reads exactly as many bytes as are wanted and compares them.
func (c client) expect(want []byte) {
	c.t.Helper()
	c.extend()
	got := make([]byte, len(want))
	n, err := io.ReadFull(c, got)
	if !bytes.Equal(got[:n], want[:n]) || err != nil {
		c.t.Fatalf("got %d bytes %s, want %d bytes %s: %v", n, short(got[:n]), len(want), short(want), err)
	}
}

func (c client) expectEnd() {
	c.t.Helper()
	c.extend()
	if rest, err := io.ReadAll(c); len(rest) > 0 || err != nil {
		c.t.Fatalf("got %s, %v; want the end of the stream", short(rest), err)
	}
}

func (c client) expectReset() {
	c.t.Helper()
	c.extend()
	if rest, err := io.ReadAll(c); len(rest) > 0 || !errors.Is(err, syscall.ECONNRESET) {
		c.t.Fatalf("got %s, %v; want a reset", short(rest), err)
	}
}

func short(p []byte) string {
	if len(p) <= 200 {
		return fmt.Sprintf("%q", p)
	}
	return fmt.Sprintf("%q...%q", p[:100], p[len(p)-100:])
}

func request(words ...string) []byte {
	p := make([][]byte, len(words))
	for i, word := range words {
		p[i] = []byte(word)
	}
	return encode(p)
}

func bulkReply(text string) []byte { return fmt.Appendf(nil, "$%d\r\n%s\r\n", len(text), text) }

func (s *Server) counter(name string) uint64 { return s.db.Stats().Counters[name] }

func dialogues(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../testdata/dialogue/*.txt")
	own, err2 := filepath.Glob("../testdata/dialogue/*/*.txt")
	if err != nil || err2 != nil || len(files) == 0 || len(own) == 0 {
		t.Fatalf("dialogues: %v, %v, %v, %v", files, own, err, err2)
	}
	return append(files, own...)
}
