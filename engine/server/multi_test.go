package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
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
	onBothPaths(t, func(t *testing.T, s *Server) {
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
	onBothPaths(t, func(t *testing.T, s *Server) {
		c := dial(t, s)
		for range 20 {
			c.send(bytes.Join([][]byte{request("MULTI"), request("SET", "k", value), request("GET", "k"),
				request("GET", "k"), request("EXEC")}, nil))
			c.expect([]byte("+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n+OK\r\n"))
			c.expect(bulkReply(value))
			c.expect(bulkReply(value))
		}
		// Not room for the queue behind a large request that follows: it is executed alone.
		c.send([]byte("*2\r\n$4\r\nECHO\r\n$900000\r\n" + value))
		rest := [][]byte{bytes.Repeat([]byte("v"), 840000), []byte("\r\n"), request("MULTI"),
			request("SET", "k", value), request("EXEC"), bytes.Repeat(request("GET", "k"), 2)}
		go c.send(bytes.Join(rest, nil)) // ends when expect has read all
		c.expect(bulkReply(strings.Repeat("v", 900000)))
		c.expect([]byte("+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n"))
		c.expect(bytes.Repeat(bulkReply(value), 2))
	})
}

// TestMultiKilled ends connections in MULTI and WATCH in every way: nothing of theirs may stay.
func TestMultiKilled(t *testing.T) {
	for _, path := range bothPaths {
		t.Run(string(path), func(t *testing.T) {
			s := startTest(t, Options{Path: path})
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
			waitNoConnections(t, s)
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
}

// TestGoRedisMulti counts with TxPipelined and with Watch from several clients at once, while others look: two
// keys written together are never seen apart, and no increment is lost.
func TestGoRedisMulti(t *testing.T) {
	onBothPaths(t, func(t *testing.T, s *Server) {
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
