package engine

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

func bulk(words ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(words))
	for _, w := range words {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(w), w)
	}
	return b.String()
}

// serveTest plays one request and compares its reply.
func serveTest(t *testing.T, c *client, request, want string) {
	t.Helper()
	c.out = nil
	c.send([]byte(request))
	if string(c.out) != want {
		t.Fatalf("%.200q: got %.200q, want %.200q", request, c.out, want)
	}
}

// TestServeStatus checks how serve() stops and where.
func TestServeStatus(t *testing.T) {
	db := openTest(t)
	c := newClient(t, db, 1)
	full := strings.Repeat(bulk("ECHO", strings.Repeat("v", 65000)), 3)
	for _, tt := range []struct {
		name, input string
		status      engineServeStatus
		pos, next   int // next where the status sets it
		argc        int
	}{
		{"nothing", "", engineServeStatusSERVE_DONE, 0, 0, 0},
		{"all", bulk("PING"), engineServeStatusSERVE_DONE, 14, 0, 0},
		{"start of a request", bulk("PING") + "*1\r\n$4\r\nPI", engineServeStatusSERVE_PARTIAL, 14, 0, 0},
		{"inline, no end", "PING", engineServeStatusSERVE_PARTIAL, 0, 0, 0},
		{"empty requests", "\r\n\n*0\r\n*-1\r\n", engineServeStatusSERVE_DONE, 12, 0, 0},
		{"FLUSHALL", bulk("PING") + bulk("FLUSHALL"), engineServeStatusSERVE_USER, 14, 32, 1},
		{"unknown", bulk("NOPE", "a", "b"), engineServeStatusSERVE_USER, 0, 28, 3},
		{"no name", bulk(""), engineServeStatusSERVE_USER, 0, 10, 1},
		{"long name", bulk("GETGETGETGET"), engineServeStatusSERVE_USER, 0, 23, 1},
		{"inline unknown", " nope a\r\n", engineServeStatusSERVE_USER, 0, 9, 2},
		{"quotes", "PING\r\nPING 'a b'\r\n", engineServeStatusSERVE_INLINE, 6, 18, 0},
		{"no room", full, engineServeStatusSERVE_FULL, len(full) / 3 * 2, 0, 0},
		{"reply too large", bulk("ECHO", strings.Repeat("v", outBytes)), engineServeStatusSERVE_USER, 0,
			outBytes + 25, 2},
		{"protocol error", bulk("PING") + "*1\r\n:", engineServeStatusSERVE_PARTIAL, 14, 0, 0},
		{"protocol error", bulk("PING") + "*1\r\n:\r\n", engineServeStatusSERVE_PROTOCOL, 14, 0, 0},
	} {
		c.load([]byte(tt.input))
		s := c.area.scratch
		start := int(s.InPos)
		status := c.call()
		if status != tt.status || int(s.InPos)-start != tt.pos {
			t.Errorf("%s: got %v at %d, want %v at %d", tt.name, status, int(s.InPos)-start, tt.status, tt.pos)
		}
		if tt.next > 0 && int(s.Next)-start != tt.next {
			t.Errorf("%s: next is %d, want %d", tt.name, int(s.Next)-start, tt.next)
		}
		if tt.argc > 0 && int(s.Argc) != tt.argc {
			t.Errorf("%s: argc is %d, want %d", tt.name, s.Argc, tt.argc)
		}
	}
}

// TestServeLimits stands on both sides of every size a client can meet.
func TestServeLimits(t *testing.T) {
	db := openTest(t)
	c := newClient(t, db, 1)
	key, value := strings.Repeat("k", MaxKey), strings.Repeat("v", MaxValue)
	const keyError, valueError = "-ERR key exceeds 512 bytes\r\n", "-ERR value exceeds 65536 bytes\r\n"
	for _, tt := range []struct{ request, want string }{
		{bulk("SET", key, value), "+OK\r\n"},
		{bulk("GET", key), "$65536\r\n" + value + "\r\n"},
		{bulk("STRLEN", key), ":65536\r\n"},
		{bulk("APPEND", key, ""), ":65536\r\n"},
		{bulk("APPEND", key, "v"), valueError},
		{bulk("SET", key, value+"v"), valueError},
		{bulk("SET", key+"k", value+"v"), keyError},
		{bulk("SET", key, value+"v", "NX"), valueError},
		{bulk("SET", key+"k", value+"v", "NX", "XX"), "-ERR syntax error\r\n"},
		{bulk("MSET", key, value+"v", key+"k", "v"), keyError},
		{bulk("MSET", "a", "v", key, value+"v"), valueError},
		{bulk("GET", key+"k"), keyError},
		{bulk("MGET", "a", key+"k"), keyError},
		{bulk("DEL", key, key+"k"), keyError},
		{bulk("EXISTS", key, "a", key+"k"), keyError},
		{bulk("INCR", key+"k"), keyError},
		{bulk("INCRBY", key+"k", "x"), "-ERR value is not an integer or out of range\r\n"},
		{bulk("DEL", key), ":1\r\n"},
		{bulk(strings.Fields("EXISTS" + strings.Repeat(" a", 1023))...), ":0\r\n"},
	} {
		serveTest(t, c, tt.request, tt.want)
	}
	c.close()
	large := bulk("SET", "k", strings.Repeat("v", MaxRequest-32))
	for _, tt := range []struct{ request, want string }{
		{large, valueError},
		{strings.Replace(large, "$1\r\nk", "$2\r\nkk", 1), "-ERR Protocol error: request too large\r\n"},
		{"*1025\r\n", "-ERR Protocol error: request too large\r\n"},
	} {
		c := newClient(t, db, 2)
		if len(large) != MaxRequest {
			t.Fatalf("the largest request has %d bytes", len(large))
		}
		serveTest(t, c, tt.request[:min(len(tt.request), MaxRequest)], tt.want)
		c.close()
	}
}

// TestServeFull makes every reply wait for room: nothing may be executed twice or left out.
func TestServeFull(t *testing.T) {
	c := newClient(t, openTest(t), 1)
	c.limit = 132 // one short reply at a time
	var want strings.Builder
	for i := range 500 {
		want.WriteString(":" + strconv.Itoa(i+1) + "\r\n")
	}
	serveTest(t, c, strings.Repeat("INCR n\r\n", 500), want.String())
	value := strings.Repeat("v", 200)
	serveTest(t, c, bulk("SET", "n", value, "GET")+bulk("GET", "n"), "$3\r\n500\r\n$200\r\n"+value+"\r\n")
}
