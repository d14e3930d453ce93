package engine

import (
	"errors"
	"testing"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// payment is a call with two writes, as RESP.
var payment = bulk("CALL", "send_payment", "1", "2", "30")

// TestCallGrow stops calls between their two writes for want of memory: nothing has happened
// then, and the next attempt does all of it once, in an open transaction too.
func TestCallGrow(t *testing.T) {
	db := openTest(t)
	c := newClient(t, db, 1)
	control := db.control.at(0)
	serveTest(t, c, bulk("MSET", "b:c:1", "100", "b:c:2", "0"), "+OK\r\n")
	end := control.HeapEnd
	const recordUnits = 3 // of a short key and value
	for _, tt := range []struct{ name, before, after, want string }{
		{"alone", "", bulk("MGET", "b:c:1", "b:c:2"), "*2\r\n$2\r\n70\r\n$2\r\n30\r\n"},
		{"in a transaction", "BEGIN\r\nGET b:c:1\r\n", bulk("MGET", "b:c:1", "b:c:2") + "COMMIT\r\n",
			"*2\r\n$2\r\n40\r\n$2\r\n60\r\n+OK\r\n"},
	} {
		c.send([]byte(tt.before))
		drainFree(db)
		for units := range uint64(2 * recordUnits) {
			control.HeapEnd = control.HeapCursor + units
			used := db.Stats().Used
			c.load([]byte(payment))
			if status := c.call(); status != engineServeStatusSERVE_GROW {
				t.Fatalf("%s, room for %d units: got %v, want %v", tt.name, units, status, engineServeStatusSERVE_GROW)
			}
			if now := db.Stats().Used; now != used {
				t.Errorf("%s, room for %d units: %d bytes leaked", tt.name, units, now-used)
			}
			drainFree(db)
		}
		control.HeapEnd = end
		serveTest(t, c, payment, ":0\r\n")
		serveTest(t, c, tt.after, tt.want)
	}
}

// TestCallOOM checks that at the memory limit calls that write are refused, as a whole, and
// others go on; from Go as well.
func TestCallOOM(t *testing.T) {
	db := openTest(t)
	c := newClient(t, db, 1)
	serveTest(t, c, bulk("MSET", "b:s:1", "0", "b:c:1", "100", "b:c:2", "0"), "+OK\r\n")
	drainFree(db)
	control := db.control.at(0)
	control.HeapEnd = control.HeapCursor + 3
	control.HeapMax = control.HeapEnd
	const oom = "-OOM command not allowed when used memory > 'maxmemory'.\r\n"
	for _, tt := range []struct{ request, want string }{
		{payment, oom},
		{bulk("CALL", "balance", "1"), ":100\r\n"},
		{bulk("BEGIN"), "+OK\r\n"},
		{payment, oom},
		{bulk("CALL", "balance", "1"), ":100\r\n"},
		{bulk("COMMIT"), "+OK\r\n"},
		{bulk("MGET", "b:c:1", "b:c:2"), "*2\r\n$3\r\n100\r\n$1\r\n0\r\n"},
	} {
		serveTest(t, c, tt.request, tt.want)
	}
	if _, err := db.Call("send_payment", []byte("1"), []byte("2"), []byte("30")); !errors.Is(err, ErrOutOfMemory) {
		t.Errorf("from Go: got %v, want %v", err, ErrOutOfMemory)
	}
}

// TestCallGrowGo has calls from Go add the memory they need.
func TestCallGrowGo(t *testing.T) {
	db := open(t, Options{MemoryBytes: 4 * segmentBytes})
	mustSet(t, db, []byte("b:c:1"), []byte("100"))
	control := db.control.at(0)
	drainFree(db)
	control.HeapCursor = control.HeapEnd - 1
	if _, err := db.Call("deposit_checking", []byte("1"), []byte("30")); err != nil {
		t.Fatal(err)
	}
	if value, err := db.Get([]byte("b:c:1")); err != nil || string(value) != "130" {
		t.Errorf("got %s, %v", value, err)
	}
}

// TestCallFull makes replies wait for room: the call is run when there is some, once.
func TestCallFull(t *testing.T) {
	c := newClient(t, openShared(t), 1)
	row := string(make([]byte, 300))
	serveTest(t, c, bulk("MSET", "t:s:1", row, "b:c:1", "0"), "+OK\r\n")
	c.limit = 400
	one := bulk("CALL", "deposit_checking", "1", "1") + bulk("CALL", "get_subscriber_data", "1")
	answer := ":0\r\n$300\r\n" + row + "\r\n"
	serveTest(t, c, one+one+one+bulk("GET", "b:c:1"), answer+answer+answer+"$1\r\n3\r\n")
}

// TestCallBesideTxns checks that calls go on when as many transactions are open as may be.
func TestCallBesideTxns(t *testing.T) {
	db := openShared(t)
	c := newClient(t, db, 1)
	for range MaxInteractiveTxns {
		defer mustBegin(t, db).Abort()
	}
	serveTest(t, c, payment, "-ABORT no such account\r\n")
	if _, err := db.Call("balance", []byte("1")); !errors.Is(err, ErrProcedureAbort) {
		t.Errorf("from Go: got %v, want %v", err, ErrProcedureAbort)
	}
}

// TestCallReadOnly checks what calls may do in a transaction that only reads.
func TestCallReadOnly(t *testing.T) {
	db := openShared(t)
	c := newClient(t, db, 1)
	const refused = "-READONLY You can't write in a read only transaction.\r\n"
	serveTest(t, c, bulk("MSET", "b:s:1", "0", "b:c:1", "100", "b:c:2", "0"), "+OK\r\n")
	for _, tt := range []struct{ request, want string }{
		{bulk("BEGIN", "READONLY"), "+OK\r\n"},
		{bulk("CALL", "balance", "1"), ":100\r\n"},
		{payment, refused},
		{bulk("CALL", "send_payment", "1", "2", "300"), "-ABORT insufficient funds\r\n"},
		{bulk("CALL", "balance", "1"), ":100\r\n"},
		{bulk("COMMIT"), "+OK\r\n"},
	} {
		serveTest(t, c, tt.request, tt.want)
	}
	txn, err := db.BeginReadOnly()
	if err != nil {
		t.Fatal(err)
	}
	defer txn.Abort()
	if _, err := txn.Call("send_payment", []byte("1"), []byte("2"), []byte("30")); !errors.Is(err, ErrReadOnly) {
		t.Errorf("from Go: got %v, want %v", err, ErrReadOnly)
	}
}

// TestCallWrites stands on both sides of the number of keys that a procedure may write.
func TestCallWrites(t *testing.T) {
	db := openTest(t)
	spec, err := loadProcedures()
	if err != nil {
		t.Fatal(err)
	}
	collection, err := ebpf.NewCollectionWithOptions(spec, db.CollectionOptions(spec))
	if err != nil {
		t.Fatalf("%+v", err)
	}
	defer collection.Close()
	const limit = 256 // BPFDB_MAX_PROCEDURE_WRITES
	for _, tt := range []struct {
		keys uint32
		want unix.Errno
		held int64
	}{{limit + 1, unix.E2BIG, 0}, {limit, 0, limit}, {limit + 1, unix.E2BIG, limit}} {
		args := proceduresWriteArgs{Keys: tt.keys}
		if err := call(collection.Programs["write_many"], &args); err != nil {
			t.Fatal(err)
		}
		if got := unix.Errno(-args.Result); got != tt.want || db.Len() != tt.held {
			t.Errorf("%d keys: got %v and %d keys, want %v and %d", tt.keys, got, db.Len(), tt.want, tt.held)
		}
		if used, want := db.Stats().Used, tt.held*64; used > want+16*64 {
			t.Errorf("%d keys: %d bytes used, want about %d", tt.keys, used, want)
		}
	}
}
