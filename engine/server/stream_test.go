package server

import (
	"bytes"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"bpfdb/engine"
)

// TestSplitEverywhere cuts a pipeline of fast and slow commands at every byte.
func TestSplitEverywhere(t *testing.T) {
	stream := bytes.Join([][]byte{
		request("SET", "k", "value"), request("GET", "k"), request("CLIENT", "GETNAME"), []byte("PING\r\n"),
		request("ECHO", "x"), []byte("ECHO \"a b\"\r\n"), request("GET", "k"),
	}, nil)
	want := []byte("+OK\r\n$5\r\nvalue\r\n$-1\r\n+PONG\r\n$1\r\nx\r\n$3\r\na b\r\n$5\r\nvalue\r\n")
	onEveryPath(t, func(t *testing.T, s *Server) {
		c := dial(t, s)
		for at := 1; at < len(stream); at++ {
			c.send(stream[:at])
			time.Sleep(200 * time.Microsecond) // lets the first part travel alone
			c.send(stream[at:])
			c.expect(want)
		}
	})
}

// TestPipelines sends pipelines larger than an skb, a buffer and a socket's memory.
func TestPipelines(t *testing.T) {
	value := strings.Repeat("v", 1000)
	onEveryPath(t, func(t *testing.T, s *Server) {
		c := dial(t, s)
		c.send(request("SET", "k", value))
		c.expect([]byte("+OK\r\n"))
		for _, n := range []int{1, 16, 33, 100, 3000} {
			go c.send(bytes.Repeat(request("GET", "k"), n)) // ends when expect has read all
			c.expect(bytes.Repeat(bulkReply(value), n))
			go c.send(bytes.Repeat(request("SET", "k", value), n))
			c.expect(bytes.Repeat([]byte("+OK\r\n"), n))
		}
	})
}

// TestRepliesInKernel pins what a fast path must serve alone: 16 values of 1000 bytes in
// one reply, and in one request.
func TestRepliesInKernel(t *testing.T) {
	for _, path := range []Path{PathSockmap, PathLocal} {
		t.Run(string(path), func(t *testing.T) { repliesInKernel(t, sharedServer(t, path)) })
	}
}

func repliesInKernel(t *testing.T, s *Server) {
	waitNoConnections(t, s)
	c := dial(t, s)
	untilFast(t, c, s)
	before := s.db.Stats().Counters
	value := strings.Repeat("v", 1000)
	c.send(request("SET", "k", value))
	c.expect([]byte("+OK\r\n"))
	for range 100 {
		c.send(bytes.Repeat(request("GET", "k"), 16))
		c.expect(bytes.Repeat(bulkReply(value), 16))
	}
	// A request of several pieces: a reply that left with the first would wait in the socket for more.
	const corked = 200 * time.Millisecond // by the kernel
	waited := 0
	for range 100 {
		start := time.Now()
		c.send(bytes.Repeat(request("SET", "k", value), 16))
		c.expect(bytes.Repeat([]byte("+OK\r\n"), 16))
		if time.Since(start) >= corked {
			waited++
		}
	}
	if waited > 50 { // a busy machine makes some of them wait
		t.Errorf("%d of 100 round trips took %v or more", waited, corked)
	}
	for name, n := range s.db.Stats().Counters {
		if n > before[name] && (strings.HasPrefix(name, "fallback_") || strings.HasPrefix(name, "drop_")) {
			t.Errorf("%s is %d, want 0", name, n)
		}
	}
	if got := s.counter("fast_batches") - before["fast_batches"]; got < 200 {
		t.Errorf("fast_batches rose by %d, want 200 or more", got)
	}
}

func TestLargeValues(t *testing.T) {
	onEveryPath(t, func(t *testing.T, s *Server) {
		c := dial(t, s)
		for _, size := range []int{0, 1, 511, 4096, 16000, 16064, 16385, 32768, 65535, 65536} {
			value := strings.Repeat("x", size)
			c.send(request("SET", "k", value))
			c.expect([]byte("+OK\r\n"))
			c.send(request("GET", "k"))
			c.expect(bulkReply(value))
		}
		keys := []string{"MGET"}
		var want bytes.Buffer
		fmt.Fprintf(&want, "*%d\r\n", 20)
		for range 20 {
			keys = append(keys, "k")
			want.Write(bulkReply(strings.Repeat("x", 65536)))
		}
		c.send(append(request(keys...), request("PING")...))
		c.expect(append(want.Bytes(), "+PONG\r\n"...))
	})
}

func TestHalfCloseAfterSending(t *testing.T) {
	value := strings.Repeat("v", 1000)
	onEveryPath(t, func(t *testing.T, s *Server) {
		for i := range 200 {
			c := dial(t, s)
			c.send(append(request("SET", "k", value), bytes.Repeat(request("GET", "k"), 1+i%40)...))
			if err := c.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			c.expect(append([]byte("+OK\r\n"), bytes.Repeat(bulkReply(value), 1+i%40)...))
			c.expectEnd()
		}
	})
}

// TestReset aborts connections in all states and checks that nothing of them is kept.
func TestReset(t *testing.T) {
	onEveryPath(t, func(t *testing.T, s *Server) {
		for i := range 200 {
			c := dial(t, s)
			switch i % 4 {
			case 0:
				c.send([]byte("*2\r\n$3\r\nGET\r\n$5\r\nab")) // a request begun
			case 1:
				c.send(append(request("BEGIN"), request("SET", "k", "v")...))
				c.expect([]byte("+OK\r\n+OK\r\n"))
			case 2:
				c.send(request("PING"))
			}
			if err := c.SetLinger(0); err != nil {
				t.Fatal(err)
			}
			c.Close()
		}
		waitNoConnections(t, s)
		c := dial(t, s)
		for range 300 { // all transactions, were they lost, would be used up
			c.send(append(request("BEGIN"), request("ABORT")...))
			c.expect([]byte("+OK\r\n+OK\r\n"))
		}
	})
}

// waitNoConnections waits until neither the server nor the kernel knows a connection.
func waitNoConnections(t *testing.T, s *Server) {
	t.Helper()
	deadline := time.Now().Add(testTimeout)
	for {
		var cookie uint64
		var entry sockmapConn
		n := 0
		for it := s.kernel.conns.Iterate(); it.Next(&cookie, &entry); {
			n++
		}
		s.table.Lock()
		open := len(s.table.conns)
		s.table.Unlock()
		if n+open == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d connections in the kernel, %d in the server, want none", n, open)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// TestDataBeforeAccept holds accept back until requests, one of them with a half-close, have arrived.
func TestDataBeforeAccept(t *testing.T) {
	for _, path := range testedPaths {
		t.Run(string(path), func(t *testing.T) {
			gate := make(chan struct{})
			s := startTest(t, Options{Path: path, BeforeAccept: func() { <-gate }})
			a, b, gone := dial(t, s), dial(t, s), dial(t, s)
			a.send(append(request("SET", "k", "v"), request("GET", "k")...))
			b.send(request("PING"))
			if err := b.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			gone.send(request("PING"))
			gone.SetLinger(0)
			gone.Close()
			time.Sleep(50 * time.Millisecond)
			close(gate)
			a.expect([]byte("+OK\r\n$1\r\nv\r\n"))
			b.expect([]byte("+PONG\r\n"))
			b.expectEnd()
			a.send(request("GET", "k"))
			a.expect([]byte("$1\r\nv\r\n"))
			a.Close()
			waitNoConnections(t, s)
		})
	}
}

func TestThousandConnections(t *testing.T) {
	onEveryPath(t, func(t *testing.T, s *Server) {
		clients := make([]client, 1000)
		for i := range clients {
			clients[i] = dial(t, s)
		}
		for round := range 3 {
			for i, c := range clients {
				c.send(request("SET", fmt.Sprint("key", i), fmt.Sprint(round)))
			}
			for i, c := range clients {
				c.expect([]byte("+OK\r\n"))
				c.send(request("GET", fmt.Sprint("key", i)))
			}
			for _, c := range clients {
				c.expect(bulkReply(fmt.Sprint(round)))
			}
		}
		for _, c := range clients {
			c.Close()
		}
		waitNoConnections(t, s)
	})
}

// TestOthersUntouched runs another server on the same port of another loopback address: its connections must be
// none of ours, though the sockops program sees them.
func TestOthersUntouched(t *testing.T) {
	s := sharedServer(t, PathSockmap)
	other, err := net.Listen("tcp", fmt.Sprintf("127.0.0.2:%d", s.Addr().Port()))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	go func() { // ends with the listener
		for {
			conn, err := other.Accept()
			if err != nil {
				return
			}
			conn.Write([]byte("other\n"))
			conn.Close()
		}
	}()
	before := s.counter("connections")
	conn, err := net.Dial("tcp", other.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c := client{t, conn.(*net.TCPConn)}
	c.send(request("PING"))
	c.expect([]byte("other\n"))
	conn.Close()
	if got := s.counter("connections"); got != before {
		t.Errorf("%d connections of another server were taken in", got-before)
	}
	ours := dial(t, s)
	ours.send(request("PING"))
	ours.expect([]byte("+PONG\r\n"))
	if got := s.counter("connections"); got != before+1 {
		t.Errorf("%d connections taken in, want our own only", got-before)
	}
}

// TestStalledReader sends a pipeline with 64 MB of replies and reads late: the server must stop reading, keep
// little, and answer all in order afterwards.
func TestStalledReader(t *testing.T) {
	const n = 64000
	value := strings.Repeat("v", 1000)
	onEveryPath(t, func(t *testing.T, s *Server) {
		c := dial(t, s)
		c.send(request("SET", "k", value))
		c.expect([]byte("+OK\r\n"))
		before := s.counter("commands")
		go c.send(bytes.Repeat(request("GET", "k"), n)) // ends when expect has read enough
		time.Sleep(500 * time.Millisecond)
		s.table.Lock()
		for _, conn := range s.table.conns {
			done := make(chan int)
			conn.loop.post(func() { done <- len(conn.input) + len(conn.output) })
			if held := <-done; held > 2*engine.MaxRequest {
				t.Errorf("%d bytes held for one connection", held)
			}
		}
		s.table.Unlock()
		if done := s.counter("commands") - before; done > n/2 {
			t.Errorf("%d of %d requests executed for a client that does not read", done, n)
		}
		c.expect(bytes.Repeat(bulkReply(value), n))
		c.send(request("PING"))
		c.expect([]byte("+PONG\r\n"))
	})
}

// TestNoBuffers has more connections in the middle of a request than there are buffers for.
func TestNoBuffers(t *testing.T) {
	for _, path := range []Path{PathSockmap, PathLocal} {
		t.Run(string(path), func(t *testing.T) {
			s := startTest(t, Options{Path: path, Buffers: 4})
			clients := make([]client, 20)
			for i := range clients {
				clients[i] = dial(t, s)
				clients[i].send(request("PING"))
				clients[i].expect([]byte("+PONG\r\n"))
			}
			whole := request("SET", "k", "v")
			for round := range 3 {
				for _, c := range clients {
					c.send(append(request("ECHO", "x"), whole[:5+round]...))
				}
				for _, c := range clients {
					c.expect(bulkReply("x"))
					c.send(whole[5+round:])
					c.expect([]byte("+OK\r\n"))
				}
			}
			if s.counter("fallback_carry") == 0 {
				t.Error("there were buffers for all")
			}
			for name, n := range s.db.Stats().Counters {
				if n > 0 && strings.HasPrefix(name, "drop_") {
					t.Errorf("%s is %d, want 0", name, n)
				}
			}
		})
	}
}
