package server

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestLimits takes servers to what they grant all their clients together.
func TestLimits(t *testing.T) {
	for _, path := range testedPaths {
		t.Run(string(path), func(t *testing.T) {
			s := startTest(t, Options{Path: path, MaxConnections: 3, MaxHeldBytes: 1 << 20})
			refuseConnection(t, s)
			waitNoConnections(t, s)
			refuseToHold(t, s)
		})
	}
}

func refuseConnection(t *testing.T, s *Server) {
	for range 3 {
		c := dial(t, s)
		defer c.Close()
		c.send(request("PING"))
		c.expect([]byte("+PONG\r\n"))
	}
	refused := dial(t, s)
	refused.expect(refusal)
	refused.expectEnd()
}

// refuseToHold has clients hold more than 1 MiB of the server's memory: requests begun, then replies not taken.
// Who goes over the limit is closed, the others are served.
func refuseToHold(t *testing.T, s *Server) {
	bystander := dial(t, s)
	bystander.send(request("SET", "k", strings.Repeat("v", 60000)))
	bystander.expect([]byte("+OK\r\n"))
	begun := []byte("*2\r\n$4\r\nECHO\r\n$900000\r\n" + strings.Repeat("x", 600000))
	first, second := dial(t, s), dial(t, s)
	if err := first.SetReadBuffer(64 << 10); err != nil { // else the kernel may take all replies
		t.Fatal(err)
	}
	first.send(begun)
	waitUntil(t, "the server holds what was sent", func() bool { return s.held.Load() >= 600000 })
	second.Write(begun) // fails when the server closes first
	expectGone(t, second)
	first.send(append(bytes.Repeat([]byte("x"), 300000), "\r\n"...))
	first.expect(bulkReply(strings.Repeat("x", 900000)))

	words := []string{"MGET"}
	for range 100 {
		words = append(words, "k")
	}
	first.send(request(words...)) // 6 MB of replies, which only a quick reader would take
	waitUntil(t, "the server gives up", func() bool { return s.stalled.Load() == 2 })
	expectGone(t, first)
	waitUntil(t, "nothing is held", func() bool { return s.held.Load() == 0 })
	bystander.send(request("STRLEN", "k"))
	bystander.expect([]byte(":60000\r\n"))
}

func waitUntil(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(testTimeout); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// expectGone reads to the end of the connection, which may be a reset: input was left unread.
func expectGone(t *testing.T, c client) {
	t.Helper()
	c.extend()
	if _, err := io.Copy(io.Discard, c); err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("got %v, want the end of the connection", err)
	}
}
