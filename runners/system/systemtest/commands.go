package systemtest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
)

// mortalAfter commands a Mortal server exits: after a test's load, within its run.
const mortalAfter = 1000

// converse answers one connection until it is closed.
func (s *server) converse(conn net.Conn) {
	defer conn.Close()
	if s.filter != nil {
		if err := attachFilter(conn, s.filter); err != nil {
			fail(1, err.Error())
		}
	}
	r, w := bufio.NewReader(conn), bufio.NewWriter(conn)
	for {
		arguments, err := readRequest(r)
		if err != nil {
			return
		}
		if s.commands.Add(1) == mortalAfter && s.behaviour == Mortal {
			fail(9, "my time has come")
		}
		io.WriteString(w, s.reply(arguments))
		if r.Buffered() == 0 && w.Flush() != nil {
			return
		}
	}
}

// readRequest reads an array of bulk strings.
func readRequest(r *bufio.Reader) ([]string, error) {
	count, err := readCount(r, '*')
	if err != nil {
		return nil, err
	}
	arguments := make([]string, count)
	for i := range arguments {
		size, err := readCount(r, '$')
		if err != nil {
			return nil, err
		}
		text := make([]byte, size+2)
		if _, err := io.ReadFull(r, text); err != nil {
			return nil, err
		}
		arguments[i] = string(text[:size])
	}
	return arguments, nil
}

func readCount(r *bufio.Reader, kind byte) (int, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return 0, err
	}
	if line[0] != kind {
		return 0, fmt.Errorf("want %c, got %q", kind, line)
	}
	return strconv.Atoi(strings.TrimSpace(line[1:]))
}

func (s *server) reply(arguments []string) string {
	s.keys.Lock()
	defer s.keys.Unlock()
	switch strings.ToUpper(arguments[0]) {
	case "PING":
		return "+PONG\r\n"
	case "HELLO":
		return "%1\r\n$5\r\nproto\r\n:3\r\n"
	case "DBSIZE":
		return fmt.Sprintf(":%d\r\n", len(s.keys.values))
	case "INFO":
		info := "redis_version:7.0.0\r\nused_memory:4096\r\n" + s.persistence()
		return fmt.Sprintf("$%d\r\n%s\r\n", len(info), info)
	case "CONFIG":
		if len(arguments) == 3 && arguments[2] == "maxmemory" {
			return "*2\r\n$9\r\nmaxmemory\r\n$1\r\n0\r\n"
		}
		return "*0\r\n"
	case "BGSAVE":
		return s.beginSave()
	case "FLUSHALL":
		clear(s.keys.values)
		return "+OK\r\n"
	case "SET":
		key := arguments[1]
		if s.behaviour == Forgetful && key[len(key)-1]%2 == 0 {
			return "+OK\r\n"
		}
		if _, there := s.keys.values[key]; there && s.behaviour == Amnesiac && key[len(key)-1]%2 == 0 {
			return "+OK\r\n"
		}
		s.keys.values[key] = arguments[2]
		s.log(key, arguments[2])
		return "+OK\r\n"
	case "GET":
		return s.get(arguments[1])
	case "MGET":
		reply := fmt.Sprintf("*%d\r\n", len(arguments)-1)
		for _, key := range arguments[1:] {
			reply += s.get(key)
		}
		return reply
	case "WATCH", "MULTI":
		return "+OK\r\n"
	case "EXEC": // what was to be queued was done at once
		return "*0\r\n"
	}
	return "-ERR unknown command\r\n"
}

func (s *server) get(key string) string {
	value, found := s.keys.values[key]
	switch {
	case s.behaviour == Refusing:
		return "-ERR not today\r\n"
	case s.behaviour == Lying:
		for _, other := range s.keys.values { // any but, most likely, the right one
			value = other
			break
		}
	case !found:
		return "_\r\n"
	}
	return fmt.Sprintf("$%d\r\n%s\r\n", len(value), value)
}
