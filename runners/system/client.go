package system

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// askTimeout bounds one question; DBSIZE and INFO are constant-time everywhere.
const askTimeout = 5 * time.Second

// errReply means that the server answered with an error or not in RESP.
var errReply = errors.New("unexpected reply")

// Ping asks the server for a PONG.
func (s *Server) Ping(ctx context.Context) error {
	reply, err := s.ask(ctx, "PING")
	if err == nil && reply != "PONG" {
		err = fmt.Errorf("%w %q", errReply, reply)
	}
	return err
}

// KeyCount is the number of keys the server holds, by DBSIZE.
func (s *Server) KeyCount(ctx context.Context) (uint64, error) {
	reply, err := s.ask(ctx, "DBSIZE")
	if err != nil {
		return 0, fmt.Errorf("%s: DBSIZE: %w", s.installation.Name, err)
	}
	count, err := strconv.ParseUint(reply, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: DBSIZE: %w %q", s.installation.Name, errReply, reply)
	}
	return count, nil
}

// MemoryBytes is the memory the server says it uses, by used_memory of INFO memory; 0
// when it does not say.
func (s *Server) MemoryBytes(ctx context.Context) uint64 {
	info, err := s.ask(ctx, "INFO", "memory")
	if err != nil {
		return 0
	}
	value, _ := field(info, "used_memory")
	used, _ := strconv.ParseUint(value, 10, 64)
	return used
}

// ask sends one command over a connection of its own and returns the text of its reply.
// It is not a client library's job: nothing may be sent that was not asked for, and a
// server that is still starting must not be logged about.
func (s *Server) ask(ctx context.Context, arguments ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.Addr)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Now()) })()
	request := fmt.Sprintf("*%d\r\n", len(arguments))
	for _, argument := range arguments {
		request += fmt.Sprintf("$%d\r\n%s\r\n", len(argument), argument)
	}
	if _, err := io.WriteString(conn, request); err != nil {
		return "", err
	}
	return readReply(bufio.NewReader(conn))
}

// maxElements bounds an array; CONFIG GET of one name has two elements.
const maxElements = 64

// readReply reads one reply as text; the elements of an array are joined by line ends.
func readReply(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return "", err
	}
	kind, text := line[0], strings.TrimRight(line[1:], "\r\n")
	switch kind {
	case '+', ':':
		return text, nil
	case '$':
		size, err := strconv.Atoi(text)
		if err != nil || size < 0 || size > 1<<20 {
			return "", fmt.Errorf("%w %q", errReply, line)
		}
		body := make([]byte, size)
		if _, err = io.ReadFull(r, body); err == nil {
			_, err = r.Discard(len("\r\n"))
		}
		return string(body), err
	case '*':
		count, err := strconv.Atoi(text)
		if err != nil || count < 0 || count > maxElements {
			return "", fmt.Errorf("%w %q", errReply, line)
		}
		elements := make([]string, count)
		for i := range elements {
			if elements[i], err = readReply(r); err != nil {
				return "", err
			}
		}
		return strings.Join(elements, "\n"), nil
	}
	return "", fmt.Errorf("%w %q", errReply, line)
}
