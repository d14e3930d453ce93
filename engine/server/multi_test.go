package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/cilium/ebpf/btf"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sys/unix"
)

// TestMultiSplitEverywhere cuts a pipeline of transactions, with requests that only user space knows among them,
// at every byte.
func TestMultiSplitEverywhere(t *testing.T) {
	stream := bytes.Join([][]byte{
		request("SET", "k", "0"), request("WATCH", "k"),
		request("MULTI"), request("INCR", "k"), []byte("ECHO \"a b\"\r\n"), []byte("GET k\r\n"), request("EXEC"),
		request("MULTI"), request("CLIENT", "ID"), request("EXEC"),
		request("MULTI"), request("DISCARD"), request("GET", "k"),
	}, nil)
	want := []byte("+OK\r\n+OK\r\n+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n:1\r\n$3\r\na b\r\n$1\r\n1\r\n" +
		"+OK\r\n-ERR CLIENT is not allowed inside a transaction\r\n" +
		"-EXECABORT Transaction discarded because of previous errors.\r\n+OK\r\n+OK\r\n$1\r\n1\r\n")
	onEveryPath(t, func(t *testing.T, s *Server) {
		c := dial(t, s)
		for at := 1; at < len(stream); at++ {
			c.send(stream[:at])
			time.Sleep(200 * time.Microsecond) // lets the first part travel alone
			c.send(stream[at:])
			c.expect(want)
		}
	})
}

// TestMultiLarge takes replies and queues past what the kernel serves alone.
func TestMultiLarge(t *testing.T) {
	value := strings.Repeat("v", 60000)
	onEveryPath(t, func(t *testing.T, s *Server) {
		c := dial(t, s)
		for range 20 {
			c.send(bytes.Join([][]byte{request("MULTI"), request("SET", "k", value), request("GET", "k"),
				request("GET", "k"), request("EXEC")}, nil))
			c.expect([]byte("+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n+OK\r\n"))
			c.expect(bulkReply(value))
			c.expect(bulkReply(value))
		}
		sendCrowded(t, s, c)
		c.expect([]byte("*1\r\n+OK\r\n"))
	})
}

// sendCrowded sends a request so large that a transaction which comes with its end has its queue executed alone in
// the area, and takes the replies before that of EXEC.
func sendCrowded(t *testing.T, s *Server, c client) {
	t.Helper()
	const length = 985000
	c.send(append([]byte("*2\r\n$4\r\nECHO\r\n$985000\r\n"), bytes.Repeat([]byte("x"), length)...))
	waitUntil(t, "the server holds what was sent", func() bool { return s.held.Load() >= length })
	c.send(bytes.Join([][]byte{[]byte("\r\n"), request("MULTI"), request("SET", "k", strings.Repeat("v", 40000)),
		request("EXEC")}, nil))
	c.expect(bulkReply(strings.Repeat("x", length)))
	c.expect([]byte("+OK\r\n+QUEUED\r\n"))
}

// TestMultiKilled ends connections in MULTI and WATCH in every way: nothing of theirs may stay.
func TestMultiKilled(t *testing.T) {
	onEveryPath(t, func(t *testing.T, s *Server) {
		waitQuiet(t, s)
		before := s.db.Stats()
		for i := range 300 { // more than there are transactions
			c := dial(t, s)
			c.send(bytes.Join([][]byte{request("WATCH", "k"), request("MULTI"),
				request("SET", "k", strings.Repeat("v", 1+i*200)), request("EXEC")[:i%10]}, nil))
			c.expect([]byte("+OK\r\n+OK\r\n+QUEUED\r\n"))
			if i%2 == 0 {
				if err := c.SetLinger(0); err != nil {
					t.Fatal(err)
				}
			}
			c.Close()
		}
		waitQuiet(t, s)
		after := s.db.Stats()
		if after.Used != before.Used || after.Keys != before.Keys {
			t.Errorf("%d bytes and %d keys before, %d and %d after",
				before.Used, before.Keys, after.Used, after.Keys)
		}
		for range 256 { // all transactions are free again
			c := dial(t, s)
			c.send(bytes.Join([][]byte{request("WATCH", "k"), request("UNWATCH")}, nil))
			c.expect([]byte("+OK\r\n+OK\r\n"))
		}
	})
}

// waitQuiet waits until what earlier clients left is gone: connections, transactions and what snapshots needed.
func waitQuiet(t *testing.T, s *Server) {
	t.Helper()
	waitNoConnections(t, s)
	waitUntil(t, "nothing is open or kept", func() bool {
		stats := s.db.Stats()
		return stats.Txns == 0 && stats.Snapshots == 0 && stats.Versions == 0
	})
}

// TestMultiBusy takes all transactions away: EXEC gives up, and with it MULTI is over.
func TestMultiBusy(t *testing.T) {
	const busy = "-BUSY too much contention on a key, try again\r\n"
	onEveryPath(t, func(t *testing.T, s *Server) {
		waitQuiet(t, s)
		c := dial(t, s)
		c.send(bytes.Join([][]byte{request("MULTI"), request("SET", "absent", "v")}, nil))
		c.expect([]byte("+OK\r\n+QUEUED\r\n"))
		restore := takeTxns(t, s)
		defer restore()
		c.send(bytes.Join([][]byte{request("EXEC"), request("GET", "absent"), request("EXEC")}, nil))
		c.expect([]byte(busy + "$-1\r\n-ERR EXEC without MULTI\r\n"))
		sendCrowded(t, s, c)
		c.expect([]byte(busy))
		restore()
		c.send(bytes.Join([][]byte{request("MULTI"), request("GET", "absent"), request("EXEC")}, nil))
		c.expect([]byte("+OK\r\n+QUEUED\r\n*1\r\n$-1\r\n"))
	})
}

// takeTxns empties the engine's list of free transactions until restore, which does nothing the second time.
func takeTxns(t *testing.T, s *Server) (restore func()) {
	t.Helper()
	spec, err := loadSockmap()
	if err != nil {
		t.Fatal(err)
	}
	var control *btf.Struct
	if err := spec.Types.TypeByName("control", &control); err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(control.Members, func(m btf.Member) bool { return m.Name == "txn_free" })
	offset := control.Members[at].Offset.Bytes()
	// Mapped, so that the one word is written: the engine goes on with the others.
	memory, err := unix.Mmap(s.kernel.collection.Maps["bpfdb_control"].FD(), 0, int(control.Size),
		unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	free := (*uint64)(unsafe.Pointer(&memory[offset]))
	before := atomic.SwapUint64(free, 0)
	return sync.OnceFunc(func() {
		atomic.StoreUint64(free, before)
		if err := unix.Munmap(memory); err != nil {
			t.Error(err)
		}
	})
}

// TestGoRedisMulti counts with TxPipelined and with Watch from several clients at once, while others look: two
// keys written together are never seen apart, and no increment is lost.
func TestGoRedisMulti(t *testing.T) {
	onEveryPath(t, func(t *testing.T, s *Server) {
		ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
		defer cancel()
		client := redis.NewClient(&redis.Options{Addr: s.Addr().String(), MaxRetries: -1})
		defer client.Close()
		if err := client.FlushAll(ctx).Err(); err != nil {
			t.Fatal(err)
		}
		const workers, rounds = 4, 100
		var running sync.WaitGroup
		for range workers {
			running.Go(func() {
				for range rounds {
					if err := errors.Join(both(ctx, client), watched(ctx, client), together(ctx, client)); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		running.Wait()
		for _, key := range []string{"a", "b", "watched"} {
			if n, err := client.Get(ctx, key).Int(); n != workers*rounds || err != nil {
				t.Errorf("%s is %d, %v, want %d", key, n, err, workers*rounds)
			}
		}
	})
}

// both increments two keys in one transaction.
func both(ctx context.Context, client *redis.Client) error {
	_, err := client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.Incr(ctx, "a")
		p.Incr(ctx, "b")
		return nil
	})
	return err
}

// together reads the two keys.
func together(ctx context.Context, client *redis.Client) error {
	var a, b *redis.StringCmd
	_, err := client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		a, b = p.Get(ctx, "a"), p.Get(ctx, "b")
		return nil
	})
	if err == nil && a.Val() != b.Val() {
		err = fmt.Errorf("read %s and %s", a.Val(), b.Val())
	}
	return err
}

// watched increments a key the way clients do where there is no INCR.
func watched(ctx context.Context, client *redis.Client) error {
	for {
		err := client.Watch(ctx, func(tx *redis.Tx) error {
			n, err := tx.Get(ctx, "watched").Int()
			if err != nil && !errors.Is(err, redis.Nil) {
				return err
			}
			_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
				p.Set(ctx, "watched", strconv.Itoa(n+1), 0)
				return nil
			})
			return err
		}, "watched")
		if !errors.Is(err, redis.TxFailedErr) {
			return err
		}
	}
}
