package oracle

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"bpfdb/internal/dialogue"
)

// replyTimeout bounds the wait for a reply: longer than a server may hold one back.
const replyTimeout = 45 * time.Second

var errReply = errors.New("no reply in RESP")

// Conn is a connection to a server.
type Conn struct {
	conn net.Conn
	in   *bufio.Reader
}

// Dial connects to a server.
func Dial(addr string) (*Conn, error) {
	conn, err := net.DialTimeout("tcp", addr, replyTimeout)
	if err != nil {
		return nil, err
	}
	return &Conn{conn, bufio.NewReaderSize(conn, 1<<16)}, nil
}

// Close ends the connection.
func (c *Conn) Close() error { return c.conn.Close() }

// Send sends requests of words.
func (c *Conn) Send(requests ...[]string) error {
	var stream []byte
	for _, request := range requests {
		words := make([][]byte, len(request))
		for i, word := range request {
			words[i] = []byte(word)
		}
		stream = append(stream, dialogue.Encode(words...)...)
	}
	_ = c.conn.SetDeadline(time.Now().Add(replyTimeout))
	_, err := c.conn.Write(stream)
	return err
}

// Do sends a request and receives its reply.
func (c *Conn) Do(words ...string) (Reply, error) {
	if err := c.Send(words); err != nil {
		return Reply{}, err
	}
	return c.Receive()
}

// Reply is a reply of a server.
type Reply struct {
	Kind byte   // the type's byte in RESP
	Text string // of all but arrays
	Null bool
	List []Reply
}

// Failed tells whether it is an error.
func (r Reply) Failed() bool { return r.Kind == '-' }

// Receive receives a reply.
func (c *Conn) Receive() (r Reply, err error) {
	line, err := c.in.ReadString('\n')
	if err != nil {
		return r, err
	}
	if len(line) < 3 {
		return r, fmt.Errorf("%w: %q", errReply, line)
	}
	r.Kind, r.Text = line[0], strings.TrimSuffix(line[1:], "\r\n")
	n, errNumber := strconv.Atoi(r.Text)
	switch {
	case r.Kind == '+' || r.Kind == '-' || r.Kind == ':':
		return r, nil
	case errNumber != nil || r.Kind != '$' && r.Kind != '*':
		return r, fmt.Errorf("%w: %q", errReply, line)
	case n < 0:
		r.Null, r.Text = true, ""
		return r, nil
	case r.Kind == '*':
		r.List = make([]Reply, n)
		for i := range r.List {
			if r.List[i], err = c.Receive(); err != nil {
				return r, err
			}
		}
		return r, nil
	}
	text := make([]byte, n+2)
	_, err = io.ReadFull(c.in, text)
	r.Text = string(text[:n])
	return r, err
}
