package engine

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const execOOM = "-EXECABORT Transaction discarded because of: OOM command not allowed when used memory > " +
	"'maxmemory'.\r\n"
const execTooMany = "-EXECABORT Transaction discarded because of: ERR transaction touches too many keys\r\n"

// inline is a request as a line.
func inline(words ...string) string { return strings.Join(words, " ") + "\r\n" }

// queue plays MULTI and the requests, all of which must be queued.
func queue(t *testing.T, c *client, requests ...string) {
	t.Helper()
	serveTest(t, c, "MULTI\r\n"+strings.Join(requests, ""), "+OK\r\n"+strings.Repeat("+QUEUED\r\n", len(requests)))
}

// TestExecGrow checks that memory which has to be added first, for the queue or in the middle of an EXEC, finds
// nothing done, and that the request goes on when it is there.
func TestExecGrow(t *testing.T) {
	db := openTest(t)
	c := newClient(t, db, 1)
	control := db.control.at(0)
	end := control.HeapEnd
	grows := func(request string, units uint64) {
		t.Helper()
		drainFree(db)
		control.HeapEnd = control.HeapCursor + units
		c.load([]byte(request))
		at := c.area.scratch.InPos
		if status := c.call(); status != engineServeStatusSERVE_GROW || c.area.scratch.InPos != at {
			t.Fatalf("%q: got %v at %d, want %v at %d", request, status, c.area.scratch.InPos,
				engineServeStatusSERVE_GROW, at)
		}
		control.HeapEnd = end
	}
	serveTest(t, c, "MULTI\r\n", "+OK\r\n")
	grows(bulk("SET", "a", "1"), 0)
	serveTest(t, c, bulk("SET", "a", "1")+bulk("SET", "b", "2")+"WATCH\r\n",
		"+QUEUED\r\n+QUEUED\r\n-ERR wrong number of arguments for 'watch' command\r\n")
	serveTest(t, c, "EXEC\r\n", "-EXECABORT Transaction discarded because of previous errors.\r\n")

	for _, watch := range []string{"", "WATCH a\r\n"} {
		serveTest(t, c, watch, strings.Repeat("+OK\r\n", len(watch)/9))
		queue(t, c, bulk("SET", "a", "1"), bulk("SET", "b", "2"), bulk("GET", "a"))
		grows("EXEC\r\n", 3)
		other := newClient(t, db, 2)
		serveTest(t, other, bulk("EXISTS", "a", "b"), ":0\r\n")
		other.close()
		serveTest(t, c, "EXEC\r\nDEL a b\r\n", "*3\r\n+OK\r\n+OK\r\n$1\r\n1\r\n:2\r\n")
	}
}

// TestExecOOM checks that an EXEC which finds no memory does nothing, and that DISCARD gives the queue's back.
func TestExecOOM(t *testing.T) {
	db := openTest(t)
	c := newClient(t, db, 1)
	value := strings.Repeat("v", 1000)
	serveTest(t, c, bulk("SET", "n", "1"), "+OK\r\n")
	queue(t, c, bulk("INCR", "n"), bulk("SET", "b", value), bulk("INCR", "n"))
	control := db.control.at(0)
	drainFree(db)
	control.HeapEnd = control.HeapCursor + 3 // one small record
	control.HeapMax = control.HeapEnd
	serveTest(t, c, "EXEC\r\n", execOOM)
	serveTest(t, c, bulk("MGET", "n", "b"), "*2\r\n$1\r\n1\r\n$-1\r\n")
	drainFree(db)
	control.HeapEnd = control.HeapCursor
	control.HeapMax = control.HeapEnd
	serveTest(t, c, "MULTI\r\nGET n\r\nGET n\r\nEXEC\r\nGET n\r\n",
		"+OK\r\n"+strings.Repeat("-OOM command not allowed when used memory > 'maxmemory'.\r\n", 2)+
			"-EXECABORT Transaction discarded because of previous errors.\r\n$1\r\n1\r\n")
}

// TestExecSets stands on both sides of the limits of a transaction's sets.
func TestExecSets(t *testing.T) {
	db := openTest(t)
	before := db.Stats().Used
	c := newClient(t, db, 1)
	mset := func(from, n int) string {
		words := []string{"MSET"}
		for i := range n {
			words = append(words, fmt.Sprint("k", from+i), "v")
		}
		return inline(words...)
	}
	watch := func(from, n int) string {
		words := []string{"WATCH"}
		for i := range n {
			words = append(words, fmt.Sprint("k", from+i))
		}
		return inline(words...)
	}
	queue(t, c, mset(0, 500), mset(500, 500), mset(1000, 25))
	serveTest(t, c, "EXEC\r\nDBSIZE\r\n", execTooMany+":0\r\n")
	queue(t, c, mset(0, 500), mset(500, 500), mset(1000, 24), mset(0, 500))
	serveTest(t, c, "EXEC\r\nDBSIZE\r\n", "*4\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n:1024\r\n")

	const tooMany = "-ERR transaction touches too many keys\r\n"
	serveTest(t, c, watch(0, 1000)+watch(1000, 24)+watch(0, 1), "+OK\r\n+OK\r\n"+tooMany)
	queue(t, c, inline("SET", "k0", "w"), inline("PING"))
	serveTest(t, c, "EXEC\r\n", "*2\r\n+OK\r\n+PONG\r\n")
	serveTest(t, c, watch(0, 1000)+watch(1000, 24), "+OK\r\n+OK\r\n")
	queue(t, c, inline("SET", "k1", "w"), inline("GET", "k0"))
	serveTest(t, c, "EXEC\r\nGET k1\r\n", execTooMany+"$1\r\nv\r\n")
	serveTest(t, c, watch(0, 1000)+watch(1000, 24)+"SET k1023 x\r\n", "+OK\r\n+OK\r\n+OK\r\n")
	queue(t, c, inline("SET", "k1", "w"))
	serveTest(t, c, "EXEC\r\n", "*-1\r\n")
	c.close()
	if err := db.FlushAll(); err != nil {
		t.Fatal(err)
	}
	if used := db.Stats().Used; used%64 != 0 || used > before+64*64 { // overflow buckets stay
		t.Errorf("%d bytes used before, %d after", before, used)
	}
}

// TestExecRoom checks EXECs in front of input that leaves the queue no room behind it.
func TestExecRoom(t *testing.T) {
	c := newClient(t, openTest(t), 1)
	value := strings.Repeat("v", 60000)
	for _, free := range []int{70000, 60010, 60000, 10, 0} {
		exec := "MULTI\r\n" + bulk("SET", "k", value) + "EXEC\r\n"
		n := MaxRequest - free - len(exec) - len(bulk("ECHO", ""))
		tail := bulk("ECHO", strings.Repeat("x", n-5)) // the header has six digits instead of one
		reply := fmt.Sprintf("$%d\r\n%s\r\n", n-5, strings.Repeat("x", n-5))
		serveTest(t, c, exec+tail, "+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n"+reply)
	}
}

// TestWatchMany checks that too many watching connections get an error, and that the last one of each gives its
// transaction back.
func TestWatchMany(t *testing.T) {
	db := openTest(t)
	c := newClient(t, db, 1)
	const limit = MaxInteractiveTxns
	for i := range limit {
		c.cookie = uint64(1000 + i)
		c.put(engineConn{Cookie: c.cookie, Protocol: 2})
		serveTest(t, c, "WATCH k\r\n", "+OK\r\n")
	}
	c.cookie = 1
	serveTest(t, c, "WATCH k\r\nMULTI\r\nGET k\r\nEXEC\r\n",
		"-ERR too many open transactions\r\n+OK\r\n+QUEUED\r\n*1\r\n$-1\r\n")
	for i := range limit {
		c.cookie = uint64(1000 + i)
		serveTest(t, c, []string{"UNWATCH\r\n", "MULTI\r\nDISCARD\r\n", "MULTI\r\nEXEC\r\n", "EXEC x\r\n"}[i%4],
			[]string{"+OK\r\n", "+OK\r\n+OK\r\n", "+OK\r\n*0\r\n",
				"-EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command\r\n"}[i%4])
		if entry := c.conn(); entry.Watch != 0 || entry.Queue != 0 || entry.Multi != 0 {
			t.Fatalf("connection %d still holds %+v", i, entry)
		}
	}
	if open := db.control.at(0).Interactive; open != 0 {
		t.Errorf("%d transactions are still open", open)
	}
	c.cookie = 1
}

// TestExecCall checks that stored procedures and commands in one EXEC are one transaction.
func TestExecCall(t *testing.T) {
	db := openTest(t)
	c, other := newClient(t, db, 1), newClient(t, db, 2)
	serveTest(t, c, "MSET b:n:1 a b:s:1 0 b:c:1 10 b:n:2 b b:s:2 0 b:c:2 0\r\n", "+OK\r\n")
	queue(t, c, bulk("CALL", "send_payment", "1", "2", "4"), bulk("GET", "b:c:1"), bulk("CALL", "balance", "2"),
		bulk("CALL", "send_payment", "1", "2", "7"), bulk("INCRBY", "b:c:1", "1"))
	serveTest(t, other, "MGET b:c:1 b:c:2\r\n", "*2\r\n$2\r\n10\r\n$1\r\n0\r\n")
	serveTest(t, c, "EXEC\r\nMGET b:c:1 b:c:2\r\n",
		"*5\r\n:0\r\n$1\r\n6\r\n:4\r\n-ABORT insufficient funds\r\n:7\r\n*2\r\n$1\r\n7\r\n$1\r\n4\r\n")
	serveTest(t, c, "WATCH b:c:1\r\n", "+OK\r\n")
	serveTest(t, other, "CALL deposit_checking 1 1\r\n", ":0\r\n")
	queue(t, c, bulk("CALL", "send_payment", "1", "2", "1"))
	serveTest(t, c, "EXEC\r\nGET b:c:2\r\n", "*-1\r\n$1\r\n4\r\n")
}

// TestWatchTimeout leaves a watching connection idle: its EXEC does nothing, however it goes on.
func TestWatchTimeout(t *testing.T) {
	db := open(t, Options{TxnTimeout: 50 * time.Millisecond})
	c := newClient(t, db, 1)
	for i, next := range []string{"", "WATCH k\r\n", "GET k\r\n"} {
		serveTest(t, c, "WATCH k\r\n", "+OK\r\n")
		for db.Stats().Counters["timeouts"] < uint64(i+1) {
			time.Sleep(time.Millisecond)
		}
		serveTest(t, c, next, []string{"", "+OK\r\n", "$-1\r\n"}[i])
		queue(t, c, bulk("SET", "k", "v"))
		serveTest(t, c, "EXEC\r\nGET k\r\nMULTI\r\nEXEC\r\n", "*-1\r\n$-1\r\n+OK\r\n*0\r\n")
	}
}
