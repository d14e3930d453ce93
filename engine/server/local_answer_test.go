package server

import (
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// answerTest is a client of the local path that is answered by user space.
type answerTest struct {
	client
	server *Server
	other  client // of the same loop, over TCP
	want   []byte // answers not read yet
}

func newAnswerTest(t *testing.T) *answerTest {
	t.Helper()
	requireKernel(t)
	s := startTest(t, Options{Path: PathLocal, Loops: 1})
	c := &answerTest{client: dial(t, s), server: s, other: dial(t, s)}
	c.other.option(unix.SOL_SOCKET, unix.SO_RCVLOWAT, 2)
	untilFast(t, c.client, s)
	return c
}

// ask returns when the loop has answered, for it has answered another client after it.
func (c *answerTest) ask(text string) {
	c.t.Helper()
	c.send(rename(text))
	c.want = append(append(c.want, "+OK\r\n"...), bulkReply(text)...)
	c.other.send(request("CLIENT", "GETNAME"))
	c.other.expect([]byte("$-1\r\n"))
}

// rename are requests that the kernel does not know.
func rename(text string) []byte {
	return append(request("CLIENT", "SETNAME", text), request("CLIENT", "GETNAME")...)
}

func (c *answerTest) read() {
	c.t.Helper()
	c.expect(c.want)
	c.want = nil
}

// past checks that so many answers went past TCP meanwhile.
func (c *answerTest) past(want uint64, do func()) {
	c.t.Helper()
	before := c.server.counter("local_answers")
	do()
	if got := c.server.counter("local_answers") - before; got != want {
		c.t.Errorf("%d answers went past TCP, want %d", got, want)
	}
}

// TestLocalAnswers has clients read and not read: every answer comes in order, whether past TCP or through it, and
// the kernel serves afterwards.
func TestLocalAnswers(t *testing.T) {
	c := newAnswerTest(t)
	large := strings.Repeat("l", 40_000) // more than goes past TCP
	requests := c.server.counter("local_requests")
	c.past(20, func() {
		for n := range 20 {
			c.ask(strconv.Itoa(n))
			c.read()
		}
	})
	if got := c.server.counter("local_requests") - requests; got < 20 {
		t.Errorf("%d requests went past TCP, want those of the client", got)
	}
	untilFast(t, c.client, c.server)
	c.past(1, func() { // the first is unread: the others have to stay behind it
		for n := range 20 {
			c.ask(strconv.Itoa(n))
		}
	})
	c.read()
	untilFast(t, c.client, c.server)
	c.past(0, func() {
		c.ask(large)
		c.ask("after")
	})
	c.read()
	c.past(1, func() {
		c.ask("before")
		c.ask(large)
		c.ask("after")
	})
	c.read()
	untilFast(t, c.client, c.server)
}

// TestLocalRequests has a client send without waiting what goes past TCP, what does not, and the end of its stream.
func TestLocalRequests(t *testing.T) {
	c := newAnswerTest(t)
	var want []byte
	for n := range 30 {
		name := strings.Repeat(strconv.Itoa(n%10), []int{1, 100, 40_000}[n%3])
		c.send(rename(name))
		want = append(append(want, "+OK\r\n"...), bulkReply(name)...)
	}
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	c.expect(want)
	c.expectEnd()
}

// TestLocalAnswerThenEnd has the server close right after an answer: the client reads that first.
func TestLocalAnswerThenEnd(t *testing.T) {
	c := newAnswerTest(t)
	c.other.Close()
	c.past(1, func() {
		c.send(request("QUIT"))
		waitNoConnections(t, c.server)
	})
	c.expect([]byte("+OK\r\n"))
	c.expectEnd()
}

// TestLocalAnswerLowWater leaves a client to TCP that waits for more than one byte; one that sends no more is answered
// either way.
func TestLocalAnswerLowWater(t *testing.T) {
	c := newAnswerTest(t)
	c.option(unix.SOL_SOCKET, unix.SO_RCVLOWAT, 8)
	c.past(0, func() { c.ask("low") })
	c.read()
	c.option(unix.SOL_SOCKET, unix.SO_RCVLOWAT, 1)
	untilFast(t, c.client, c.server)
	c.send(rename("last"))
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	c.expect([]byte("+OK\r\n$4\r\nlast\r\n"))
	c.expectEnd()
}
