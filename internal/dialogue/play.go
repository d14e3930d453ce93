package dialogue

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// replyTimeout bounds the wait for any reply. A variable for tests of replies that do not come.
var replyTimeout = 5 * time.Second

const (
	// quiet is how long to wait for more once something is wrong already, to show it whole.
	quiet = 50 * time.Millisecond
	// maxWrites bounds the writes a step is split into: larger steps get larger chunks.
	maxWrites = 4096
)

// Run plays a file to the server at addr, whose database it empties, and fails the test at the first
// difference.
func Run(t testing.TB, addr, file string) {
	t.Helper()
	if err := Play(TCP(addr), file, 0); err != nil {
		t.Fatal(err)
	}
}

// Play plays a file to target and returns an error that shows the first difference. A chunk above 0 cuts what
// is sent into writes of at most so many bytes where the file does not say otherwise.
func Play(target Target, file string, chunk int) error {
	steps, err := readScript(file)
	if err != nil {
		return err
	}
	p := player{target: target, chunk: chunk, conns: map[string]*talk{}}
	if err := target.Reset(); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	defer p.close()
	for _, s := range steps {
		if err := p.step(s); err != nil {
			return fmt.Errorf("%s:%d: %w", file, s.line, err)
		}
	}
	if err := p.finish(); err != nil {
		return fmt.Errorf("%s: at the end: %w", file, err)
	}
	return nil
}

type player struct {
	target Target
	chunk  int
	conns  map[string]*talk
}

// talk is an open connection with what came back and was not expected yet.
type talk struct {
	Conn
	chunk   int
	pending []byte
	closed  bool
}

func (p *player) step(s step) error {
	conn := p.conns[s.conn]
	if conn == nil {
		dialled, err := p.target.Dial()
		if err != nil {
			return err
		}
		conn = &talk{Conn: dialled, chunk: p.chunk}
		p.conns[s.conn] = conn
	}
	switch s.kind {
	case send:
		return conn.send(s.data)
	case expect:
		return conn.expect(s)
	}
	return p.act(conn, s)
}

func (p *player) act(conn *talk, s step) (err error) {
	switch s.action[0] {
	case "split":
		conn.chunk, err = strconv.Atoi(s.action[1])
		return err
	case "half-close":
		return conn.HalfClose()
	case "reset":
		err = conn.Abort()
	case "close":
		err = conn.Close()
	}
	delete(p.conns, s.conn)
	return err
}

func (c *talk) send(data []byte) error {
	chunk := len(data)
	if c.chunk > 0 {
		chunk = max(c.chunk, len(data)/maxWrites)
	}
	for piece := range slices.Chunk(data, max(chunk, 1)) {
		if err := c.Send(piece); err != nil {
			return err
		}
	}
	return nil
}

var idPattern = regexp.MustCompile(`(\$2\r\nid\r\n:)\d+\r\n`)

// withoutID replaces the connection id in the reply to HELLO, which is the server's choice.
func withoutID(reply []byte) []byte {
	return idPattern.ReplaceAll(reply, []byte("${1}{id}\r\n"))
}

// receive adds to pending what comes within wait and reports whether anything did.
func (c *talk) receive(wait time.Duration) (more bool, err error) {
	data, err := c.Receive(wait)
	c.pending = withoutID(append(c.pending, data...))
	switch {
	case errors.Is(err, io.EOF):
		c.closed = true
		return len(data) > 0, nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return false, nil
	}
	return err == nil, err
}

// begins reports whether the next reply is the one given, and leaves it to be expected.
func (c *talk) begins(reply string) (bool, error) {
	for !c.closed && len(c.pending) < len(reply) && strings.HasPrefix(reply, string(c.pending)) {
		if more, err := c.receive(replyTimeout); err != nil || !more {
			return false, err
		}
	}
	return strings.HasPrefix(string(c.pending), reply), nil
}

func (c *talk) expect(s step) error {
	for !c.closed && (!bytes.HasPrefix(c.pending, s.data) || s.closed) {
		wait := replyTimeout
		if !bytes.HasPrefix(s.data, c.pending) {
			wait = quiet
		}
		if more, err := c.receive(wait); err != nil {
			return err
		} else if !more {
			break
		}
	}
	if !bytes.HasPrefix(c.pending, s.data) || s.closed && (!c.closed || len(c.pending) > len(s.data)) {
		return c.difference(s)
	}
	c.pending = c.pending[len(s.data):]
	return nil
}

// difference shows what was expected and what came, in the notation of the files.
func (c *talk) difference(s step) error {
	want, got := lines(s.conn, s.data), lines(s.conn, c.pending)
	if s.closed {
		want = append(want, s.conn+"< (closed)")
	}
	if c.closed {
		got = append(got, s.conn+"< (closed)")
	} else {
		got = append(got, "(nothing more came)")
	}
	same := 0
	for same < min(len(want), len(got)) && want[same] == got[same] {
		same++
	}
	return fmt.Errorf("reply differs from line %d of %d on\nwant:\n  %s\ngot:\n  %s", same+1, len(want),
		strings.Join(want, "\n  "), strings.Join(got, "\n  "))
}

// finish half-closes every connection: the server must close it without another word.
func (p *player) finish() error {
	for name, conn := range p.conns {
		if err := conn.HalfClose(); err != nil {
			return err
		}
		if err := conn.expect(step{conn: name, closed: true}); err != nil {
			return err
		}
	}
	return nil
}

func (p *player) close() {
	for _, conn := range p.conns {
		conn.Close()
	}
}
