package engine

import (
	"strings"
	"testing"
)

// TestServeGrow checks that a request that has to wait for memory has done nothing, and goes on when there is
// some: in particular a DEL in a transaction, which remembers how many keys it had deleted.
func TestServeGrow(t *testing.T) {
	db := openTest(t)
	c := newClient(t, db, 1)
	control := db.control.at(0)
	serveTest(t, c, bulk("MSET", "a", "1", "b", "2", "c", "3"), "+OK\r\n")
	end := control.HeapEnd
	for _, tt := range []struct {
		name, prepare, request, want, check, state string
		units                                      uint64 // free for the first call
	}{
		{"SET", "", bulk("SET", "d", "4"), "+OK\r\n", bulk("GET", "d"), "$-1\r\n", 0},
		{"INCR", "", bulk("INCR", "e"), ":1\r\n", bulk("GET", "e"), "$-1\r\n", 0},
		{"MSET", "", bulk("MSET", "a", "x", "f", "y"), "+OK\r\n", bulk("MGET", "a", "f"),
			"*2\r\n$1\r\n1\r\n$-1\r\n", 3},
		{"DEL", "", bulk("DEL", "b", "c"), ":2\r\n", bulk("EXISTS", "b", "c"), ":2\r\n", 3},
		{"DEL in a transaction", "MSET b 2 c 3\r\nBEGIN\r\n", bulk("DEL", "b", "c"), ":2\r\n", "", "", 3},
	} {
		if tt.prepare != "" {
			c.send([]byte(tt.prepare))
		}
		drainFree(db)
		control.HeapEnd = control.HeapCursor + tt.units
		c.load([]byte(tt.request))
		if status := c.call(); status != engineServeStatusSERVE_GROW {
			t.Errorf("%s: got %v, want %v", tt.name, status, engineServeStatusSERVE_GROW)
		}
		if tt.check != "" {
			serveTest(t, c, tt.check, tt.state)
		}
		control.HeapEnd = end
		serveTest(t, c, tt.request, tt.want)
	}
	serveTest(t, c, "COMMIT\r\n"+bulk("EXISTS", "b", "c"), "+OK\r\n:0\r\n")
}

// TestServeOOM checks that at the memory limit writes are refused and reads and deletes go on.
func TestServeOOM(t *testing.T) {
	db := openTest(t)
	c := newClient(t, db, 1)
	value := strings.Repeat("v", 1000)
	serveTest(t, c, bulk("SET", "a", value), "+OK\r\n")
	control := db.control.at(0)
	control.HeapEnd = control.HeapCursor
	control.HeapMax = control.HeapCursor
	const oom = "-OOM command not allowed when used memory > 'maxmemory'.\r\n"
	for _, tt := range []struct{ request, want string }{
		{bulk("SET", "b", value), oom},
		{bulk("SET", "b", value, "NX"), oom},
		{bulk("MSET", "b", value, "c", value), oom},
		{bulk("APPEND", "a", value), oom},
		{bulk("INCR", "n"), oom},
		{bulk("MGET", "b", "c", "n"), "*3\r\n$-1\r\n$-1\r\n$-1\r\n"},
		{bulk("GET", "a"), "$1000\r\n" + value + "\r\n"},
		{bulk("DEL", "a"), ":1\r\n"},
		{bulk("SET", "b", value), "+OK\r\n"},
	} {
		serveTest(t, c, tt.request, tt.want)
	}
}

// drainFree forgets the free lists, so that the next block comes from memory never used.
func drainFree(db *DB) {
	for i := range int(db.control.at(0).ShardMask) + 1 {
		clear(db.shards.at(i).FreeHead[:])
	}
}
