package driver

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// fakeServer speaks enough RESP for the drivers, and misbehaves where a test tells it to.
type fakeServer struct {
	// override, if set, may replace the reply to the n-th GET, SET or PING of the server
	// (counted from 1); "" keeps the right reply, hangUp closes the connection and silence
	// sends nothing.
	override func(n int, args []string, right string) string
	hello    string // the reply to HELLO, if set
	chunk    int    // bytes per write; 0 sends each reply whole

	mu struct {
		sync.Mutex
		data map[string]string
		seen []string // GET, SET and PING with their keys, in order of arrival
	}
}

const (
	hangUp  = "hang up"
	silence = "silence"
)

// start listens on loopback until the test ends and returns the address.
func (f *fakeServer) start(t testing.TB) string {
	t.Helper()
	return f.listen(t, "tcp", "127.0.0.1:0")
}

func (f *fakeServer) startUnix(t testing.TB) string {
	t.Helper()
	return f.listen(t, "unix", filepath.Join(t.TempDir(), "s"))
}

func (f *fakeServer) listen(t testing.TB, network, addr string) string {
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	f.mu.data = map[string]string{}
	var wg sync.WaitGroup
	t.Cleanup(func() {
		l.Close()
		wg.Wait() // the drivers have closed their connections by now
	})
	wg.Go(func() { // ends when the listener closes
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { f.serve(conn) })
		}
	})
	return l.Addr().String()
}

func (f *fakeServer) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	protocol := 2
	for {
		args, err := readRequest(in)
		if err != nil {
			return
		}
		out := f.answer(args, &protocol)
		if out == hangUp {
			return
		}
		if out == silence {
			continue
		}
		for len(out) > 0 {
			n := len(out)
			if f.chunk > 0 {
				n = min(n, f.chunk)
			}
			if _, err := conn.Write([]byte(out[:n])); err != nil {
				return
			}
			out = out[n:]
		}
	}
}

func (f *fakeServer) answer(args []string, protocol *int) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var right string
	switch strings.ToUpper(args[0]) {
	case "HELLO":
		if f.hello != "" {
			return f.hello
		}
		*protocol, _ = strconv.Atoi(args[1])
		return "%2\r\n$5\r\nproto\r\n:3\r\n$7\r\nmodules\r\n*1\r\n*0\r\n"
	case "PING":
		right = "+PONG\r\n"
	case "SET":
		f.mu.data[args[1]] = args[2]
		right = "+OK\r\n"
	case "GET":
		value, ok := f.mu.data[args[1]]
		right = fmt.Sprintf("$%d\r\n%s\r\n", len(value), value)
		if !ok {
			right = map[int]string{2: "$-1\r\n", 3: "_\r\n"}[*protocol]
		}
	default:
		return "-ERR unknown command '" + args[0] + "'\r\n"
	}
	args[0] = strings.ToUpper(args[0]) // go-redis sends lower case
	f.mu.seen = append(f.mu.seen, strings.Join(args[:min(len(args), 2)], " "))
	if f.override != nil {
		if other := f.override(len(f.mu.seen), args, right); other != "" {
			return other
		}
	}
	return right
}

// misbehave sets override while the server runs.
func (f *fakeServer) misbehave(override func(n int, args []string, right string) string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.override = override
}

// commands returns what arrived since the last call.
func (f *fakeServer) commands() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	seen := f.mu.seen
	f.mu.seen = nil
	return seen
}

func readRequest(in *bufio.Reader) ([]string, error) {
	count, err := readHeader(in, '*')
	if err != nil {
		return nil, err
	}
	args := make([]string, count)
	for i := range args {
		size, err := readHeader(in, '$')
		if err != nil {
			return nil, err
		}
		data := make([]byte, size+2)
		if _, err := io.ReadFull(in, data); err != nil {
			return nil, err
		}
		if string(data[size:]) != "\r\n" {
			return nil, fmt.Errorf("argument %d of %d bytes has no line end", i, size)
		}
		args[i] = string(data[:size])
	}
	return args, nil
}

func readHeader(in *bufio.Reader, kind byte) (int, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return 0, err
	}
	if line[0] != kind {
		return 0, fmt.Errorf("header %q, want %c", line, kind)
	}
	return strconv.Atoi(strings.TrimSuffix(line[1:], "\r\n"))
}
