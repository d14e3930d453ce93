package isolation

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
	"bpfdb/internal/history"
)

const replyTimeout = 20 * time.Second

// resp is a connection of the Redis protocol, which dials again when it was cut.
type resp struct {
	addr string
	conn *net.TCPConn
	in   *bufio.Reader
}

func (c *resp) close() error {
	if c.conn == nil {
		return nil
	}
	conn := c.conn
	c.conn = nil
	return conn.Close()
}

// cut resets the connection.
func (c *resp) cut() error {
	if err := c.conn.SetLinger(0); err != nil {
		return err
	}
	return c.close()
}

func (c *resp) dial() error {
	if c.conn != nil {
		return nil
	}
	conn, err := net.DialTimeout("tcp", c.addr, replyTimeout)
	if err != nil {
		return err
	}
	c.conn, c.in = conn.(*net.TCPConn), bufio.NewReader(conn)
	return nil
}

// command is a request as words.
type command [][]byte

func words(text string) (c command) {
	for word := range strings.FieldsSeq(text) {
		c = append(c, []byte(word))
	}
	return c
}

func (c *resp) send(commands ...command) error {
	if err := c.dial(); err != nil {
		return err
	}
	var out []byte
	for _, words := range commands {
		out = append(out, dialogue.Encode(words...)...)
	}
	if err := c.conn.SetDeadline(time.Now().Add(replyTimeout)); err != nil {
		return err
	}
	_, err := c.conn.Write(out)
	return err
}

// reply is one of them, errors included: kind is its first byte, null that of a nil bulk string or array.
type reply struct {
	kind  byte
	null  bool
	text  string // a status, an error, an integer or a bulk string
	array []reply
}

func (c *resp) receive() (r reply, err error) {
	line, err := c.in.ReadString('\n')
	if err != nil {
		return r, err
	}
	line = strings.TrimSuffix(line, "\r\n")
	if line == "" {
		return r, errors.New("an empty line for a reply")
	}
	r.kind, r.text = line[0], line[1:]
	if r.kind != '$' && r.kind != '*' {
		return r, nil
	}
	n, err := strconv.Atoi(r.text)
	if err != nil {
		return r, fmt.Errorf("length in %q: %w", line, err)
	}
	if r.text = ""; n < 0 {
		r.null = true
		return r, nil
	}
	if r.kind == '$' {
		bulk := make([]byte, n+2)
		_, err = io.ReadFull(c.in, bulk)
		r.text = string(bulk[:n])
		return r, err
	}
	for range n {
		element, err := c.receive()
		if err != nil {
			return r, err
		}
		r.array = append(r.array, element)
	}
	return r, nil
}

// maxBusy bounds how often a command is sent again that met too much contention, which changes nothing else.
const maxBusy = 100

// ask sends one command and waits for its reply.
func (c *resp) ask(words command) (r reply, err error) {
	for range maxBusy {
		if err = c.send(words); err != nil {
			return r, err
		}
		if r, err = c.receive(); err != nil || !r.busy() {
			break
		}
		time.Sleep(time.Millisecond)
	}
	return r, err
}

// busy says that a command did not happen, for contention.
func (r reply) busy() bool { return r.kind == '-' && strings.HasPrefix(r.text, "BUSY ") }

// refused says that an error reply means that the transaction never happened.
func (r reply) refused() bool {
	return r.kind == '-' && (strings.HasPrefix(r.text, "CONFLICT ") || strings.HasPrefix(r.text, "TIMEOUT "))
}

func (r reply) unexpected(to string) error {
	return fmt.Errorf("reply to %s: %c%s", to, r.kind, r.text)
}

// request is the command for one access.
func request(a history.Access) command {
	if a.Append {
		return command{[]byte("APPEND"), number64(a.Key), number64(a.Value)}
	}
	return command{[]byte("GET"), number64(a.Key)}
}

// answered adds to an access what its reply says.
func answered(a history.Access, r reply) (history.Access, error) {
	switch {
	case a.Append && r.kind == ':':
		return a, nil
	case !a.Append && r.kind == '$':
		list, err := elements([]byte(r.text))
		a.List = list
		return a, err
	}
	return a, r.unexpected(a.String())
}
