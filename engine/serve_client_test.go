package engine

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"bpfdb/engine/model"
	"bpfdb/internal/dialogue"
)

const (
	outBytes = 1 << 17 // BPFDB_OUT_MASK + 1: all of a reply area
	// tooManyCalls is far above what any test stream needs: serve() then makes no progress.
	tooManyCalls = 100000
)

// client is one connection to serve(), with the part of user space played by the test: it runs the program in
// a work area of its own, and answers what the program hands over from a model without data.
type client struct {
	t      testing.TB
	db     *DB
	area   *Area
	cookie uint64
	limit  uint32 // out_limit of each call, in bytes
	shadow *model.Session
	rest   []byte // start of a request whose end has not come
	out    []byte // replies
	closed bool
	quoted bool // met an inline request with quotes, which the test cannot split
}

// openTest opens a small engine without its background work, which tests of limits would race with.
func openTest(t testing.TB) *DB {
	t.Helper()
	db := open(t, Options{HashSeed: 1})
	db.maintainer.stop()
	db.maintainer.quit = nil
	return db
}

func newClient(t testing.TB, db *DB, cookie uint64) *client {
	t.Helper()
	area, err := db.ClaimArea()
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, db: db, area: area, cookie: cookie, limit: outBytes}
	c.shadow = model.NewSession(model.NewDB())
	c.put(engineConn{Cookie: cookie, Protocol: 2})
	t.Cleanup(c.close) // else a failed test would wait for its area when the engine closes
	return c
}

// close ends the connection and what it left open.
func (c *client) close() {
	if c.area == nil {
		return
	}
	c.rest, c.closed, c.quoted, c.limit = nil, false, false, outBytes
	c.send([]byte("DISCARD\r\nABORT\r\nUNWATCH\r\n"))
	if left := c.conn(); left.Txn != 0 || left.Watch != 0 || left.Queue != 0 {
		c.t.Errorf("the connection still holds %+v", left)
	}
	if err := c.db.collection.Maps["bpfdb_conns"].Delete(c.cookie); err != nil {
		c.t.Error(err)
	}
	c.area.Release()
	c.area = nil
}

func (c *client) put(entry engineConn) {
	if err := c.db.collection.Maps["bpfdb_conns"].Put(c.cookie, entry); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) conn() (entry engineConn) {
	if err := c.db.collection.Maps["bpfdb_conns"].Lookup(c.cookie, &entry); err != nil {
		c.t.Fatal(err)
	}
	return entry
}

// load places input in the area, away from its start, with bytes behind it that look like more.
func (c *client) load(input []byte) {
	s := c.area.scratch
	start := len(input) % 7
	if start+len(input) > MaxRequest {
		start = 0
	}
	end := start + copy(s.In[start:], input)
	copy(s.In[end:], "$5\r\n*1\r\n$4\r\nPING\r\n")
	s.InPos, s.InLen, s.OutLen, s.OutLimit = uint32(start), uint32(end), 0, c.limit
}

// call runs serve() once and takes its replies.
func (c *client) call() engineServeStatus {
	args := engineServeArgs{Cookie: c.cookie, Scratch: c.area.id}
	if err := call(c.db.programs.Serve, &args); err != nil {
		c.t.Fatal(err)
	}
	s := c.area.scratch
	if args.Result < 0 || s.Status != uint32(args.Result) {
		c.t.Fatalf("serve: result %d, status %d", args.Result, s.Status)
	}
	if s.OutLen > s.OutLimit || s.InPos > s.InLen {
		c.t.Fatalf("serve: wrote %d of %d, read %d of %d", s.OutLen, s.OutLimit, s.InPos, s.InLen)
	}
	c.out = append(c.out, s.Out[:s.OutLen]...)
	if s.OutLen == 0 && engineServeStatus(args.Result) == engineServeStatusSERVE_FULL {
		s.OutLimit = outBytes // a path with small areas would hand the request over here
	}
	s.OutLen = 0
	return engineServeStatus(args.Result)
}

// send serves input, the next bytes on the connection.
func (c *client) send(input []byte) {
	if c.closed || c.quoted {
		return
	}
	c.load(append(c.rest, input...))
	s := c.area.scratch
	for range tooManyCalls {
		switch status := c.call(); status {
		case engineServeStatusSERVE_DONE, engineServeStatusSERVE_PARTIAL:
			if status == engineServeStatusSERVE_DONE && s.InPos != s.InLen {
				c.t.Fatalf("done at %d of %d", s.InPos, s.InLen)
			}
			c.rest = bytes.Clone(s.In[s.InPos:s.InLen])
			return
		case engineServeStatusSERVE_FULL:
		case engineServeStatusSERVE_USER:
			c.handOver()
		case engineServeStatusSERVE_REFUSE:
			c.refuse()
		case engineServeStatusSERVE_INLINE:
			c.quoted = true
			line := s.In[s.InPos:s.Next]
			if bytes.IndexByte(line, '\n') != len(line)-1 || bytes.IndexAny(line, `"'`) < 0 {
				c.t.Fatalf("not a line with quotes: %q", line)
			}
		case engineServeStatusSERVE_PROTOCOL:
			c.out = append(c.out, "-ERR Protocol error: "+protocolText(s.Error, byte(s.ErrorByte))+"\r\n"...)
			c.closed = true
		default:
			c.t.Fatalf("serve: %v", status)
		}
		if c.closed || c.quoted {
			return
		}
	}
	c.t.Fatal("serve makes no progress")
}

// handOver answers the request that the program left to user space and goes behind it.
func (c *client) handOver() {
	s := c.area.scratch
	next, end := s.Next, s.InLen
	after := bytes.Clone(s.In[next:end])
	words := make([][]byte, s.Argc)
	for i := range words {
		words[i] = bytes.Clone(s.In[s.Argv[i].Off : s.Argv[i].Off+s.Argv[i].Len])
	}
	switch strings.ToLower(string(words[0])) {
	case "mget": // larger than a reply area
		c.out = fmt.Appendf(c.out, "*%d\r\n", len(words)-1)
		for _, key := range words[1:] {
			c.rest = nil
			c.send(dialogue.Encode([]byte("GET"), key))
		}
	case "exec": // its queue had no room behind the input
		c.rest = nil
		c.send([]byte("EXEC\r\n"))
	case "echo", "ping":
		c.out = fmt.Appendf(c.out, "$%d\r\n%s\r\n", len(words[1]), words[1])
	default:
		c.answer(words)
	}
	copy(s.In[next:], after)
	s.InPos, s.InLen, s.OutLen, s.OutLimit = next, end, 0, c.limit
}

// refuse answers the request that MULTI cannot queue and goes behind it.
func (c *client) refuse() {
	s := c.area.scratch
	words := make([][]byte, s.Argc)
	for i := range words {
		words[i] = s.In[s.Argv[i].Off : s.Argv[i].Off+s.Argv[i].Len]
	}
	c.shadow.Serve([]byte("MULTI\r\n"))
	reply, closed := c.shadow.Serve(dialogue.Encode(words...))
	c.closed = closed
	c.shadow.Serve([]byte("DISCARD\r\n"))
	c.out = append(c.out, reply...)
	s.InPos = s.Next
}

func (c *client) answer(words [][]byte) {
	reply, closed := c.shadow.Serve(dialogue.Encode(words...))
	c.closed = closed
	if entry := c.conn(); len(reply) > 0 && reply[0] != '-' {
		switch strings.ToLower(string(words[0])) {
		case "flushall":
			if entry.Txn != 0 {
				reply = []byte("-ERR FLUSHALL is not allowed inside a transaction\r\n")
			} else if err := c.db.FlushAll(); err != nil {
				c.t.Fatal(err)
			}
		case "hello":
			entry.Protocol = 2
			if reply[0] == '%' {
				entry.Protocol = 3
			}
			c.put(entry)
		}
	}
	c.out = append(c.out, reply...)
}

func protocolText(code uint32, got byte) string {
	switch engineProtocolError(code) {
	case engineProtocolErrorPROTOCOL_MULTIBULK_LENGTH:
		return "invalid multibulk length"
	case engineProtocolErrorPROTOCOL_BULK_LENGTH:
		return "invalid bulk length"
	case engineProtocolErrorPROTOCOL_EXPECTED_DOLLAR:
		return fmt.Sprintf("expected '$', got '%s'", []byte{got})
	case engineProtocolErrorPROTOCOL_BIG_MULTIBULK:
		return "too big mbulk count string"
	case engineProtocolErrorPROTOCOL_BIG_BULK:
		return "too big bulk count string"
	case engineProtocolErrorPROTOCOL_BIG_INLINE:
		return "too big inline request"
	case engineProtocolErrorPROTOCOL_BIG_REQUEST:
		return "request too large"
	}
	return fmt.Sprintf("unknown code %d", code)
}
