package driver

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// slower counts the operations that took at least this long.
func slower(h *hdrhistogram.Histogram, than time.Duration) (count int64) {
	for _, bar := range h.Distribution() {
		if bar.From >= int64(than) {
			count += bar.Count
		}
	}
	return count
}

// stalling is a server that answers nobody for a while, once, from its n-th command on. It
// says how long that was.
func stalling(n int, length time.Duration) (server *fakeServer, stall *atomic.Int64) {
	stall = new(atomic.Int64)
	return &fakeServer{override: func(i int, _ []string, _ string) string {
		if i == n { // the server's lock is held, so every connection waits
			start := time.Now()
			time.Sleep(length)
			stall.Store(int64(time.Since(start)))
		}
		return ""
	}}, stall
}

// TestStallShowsInFull injects a stall of known length into a server that is otherwise fast.
// Of operations due at equal distances, those that come within the stall wait for its rest,
// so in theory the response times of rate*stall operations spread evenly from 0 to the stall:
// (stall-x)*rate of them exceed x. A machine with other things to do only adds to that. In
// service time, and in a closed loop, the stall hits one operation per connection.
func TestStallShowsInFull(t *testing.T) {
	const rate, connections = 1000, 5
	for _, name := range []string{Raw, GoRedis} {
		t.Run(name, func(t *testing.T) {
			server, stalled := stalling(500, 600*time.Millisecond)
			cfg := testConfig(t, server.start(t), name, "ycsb-c")
			cfg.Connections, cfg.Pipeline, cfg.Threads, cfg.Verify = connections, 1, 1, false
			cfg.Operations, cfg.Duration = 0, 2*time.Second
			cfg.Rate, cfg.Arrival = rate, Fixed
			res := mustRun(t, cfg)
			stall := time.Duration(stalled.Load())
			if res.Ops != 2000 || res.Open == nil || res.Open.All.TotalCount() != 2000 {
				t.Fatalf("%d operations, want the 2000 that are due in 2 s", res.Ops)
			}
			for _, share := range []float64{0.1, 0.25, 0.5, 0.75, 0.9} {
				x := time.Duration(share * float64(stall))
				want := int64((stall-x).Seconds()*rate) - connections - 1
				if got := slower(res.All, x); got < want {
					t.Errorf("%d responses took %v or longer, want %d", got, x, want)
				}
				if got := slower(res.Open.All, x); x > stall/2 && got > connections {
					t.Errorf("%d operations were in service for %v or longer, want one of each connection",
						got, x)
				}
			}
			for _, q := range []float64{90, 99} {
				want := stall - time.Duration(float64(2000)*(1-q/100)/rate*1e9)
				if got := time.Duration(res.All.ValueAtQuantile(q)); got < want*98/100 {
					t.Errorf("p%v of response times is %v, want at least %v", q, got, want)
				}
			}
			if res.Open.Held < uint64(stall.Seconds()*rate)-2*connections {
				t.Errorf("%d operations found no room, want about %.0f", res.Open.Held, stall.Seconds()*rate)
			}
			if lag := time.Duration(res.Open.Lag.ValueAtQuantile(99)); lag > stall/2 {
				t.Errorf("the generator lags by %v (p99): it took the server's stall for its own", lag)
			}
		})
	}
}

// TestStallHidesInAClosedLoop is why there is an open one.
func TestStallHidesInAClosedLoop(t *testing.T) {
	server, stalled := stalling(500, 600*time.Millisecond)
	cfg := testConfig(t, server.start(t), Raw, "ycsb-c")
	cfg.Connections, cfg.Pipeline, cfg.Verify = 5, 1, false
	cfg.Operations = 2000
	res := mustRun(t, cfg)
	if got := slower(res.All, time.Duration(stalled.Load())/2); got < 1 || got > 5 {
		t.Errorf("%d operations saw the stall, want at most one of each of the 5 connections", got)
	}
}

// TestSendIsNotGatedByReplies: the server answers an operation only when the next one of the
// same connection has arrived, which a closed loop would wait for in vain.
func TestSendIsNotGatedByReplies(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() { // ends when the driver closes the connection
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		for in := bufio.NewReader(conn); ; {
			for range 2 {
				if _, err := readRequest(in); err != nil {
					return
				}
			}
			if _, err := io.WriteString(conn, "+PONG\r\n+PONG\r\n"); err != nil {
				return
			}
		}
	}()
	cfg := testConfig(t, listener.Addr().String(), Raw, "ping")
	cfg.Connections, cfg.Pipeline, cfg.Operations, cfg.Threads, cfg.Protocol = 1, 8, 100, 1, 2
	cfg.Rate, cfg.Arrival = 2000, Fixed
	checkClean(t, cfg, mustRun(t, cfg))
}

// eachOpenLoop runs an open loop with both drivers and both kinds of arrivals.
func eachOpenLoop(t *testing.T, workload string, test func(t *testing.T, cfg Config)) {
	for _, name := range []string{Raw, GoRedis} {
		for _, arrival := range []string{Fixed, Poisson} {
			t.Run(name+"/"+arrival, func(t *testing.T) {
				cfg := testConfig(t, (&fakeServer{}).start(t), name, workload)
				cfg.Rate, cfg.Arrival, cfg.Operations = 20_000, arrival, 4000
				test(t, cfg)
			})
		}
	}
}

// TestOpenLoopSendsTheSameLoad: read-modify-writes, checked values, and the same operations
// as a closed loop of that seed.
func TestOpenLoopSendsTheSameLoad(t *testing.T) {
	eachOpenLoop(t, "ycsb-f", func(t *testing.T, cfg Config) {
		mustLoad(t, cfg)
		open := mustRun(t, cfg)
		checkClean(t, cfg, open)
		if n := open.Open.Lag.TotalCount(); uint64(n) != open.Ops {
			t.Errorf("%d lags of %d operations", n, open.Ops)
		}
		for i, s := range open.Open.Service {
			if r := open.Latency[i]; r.Kind != s.Kind || r.Hist.TotalCount() != s.Hist.TotalCount() {
				t.Errorf("%v: %d response times, %d service times", s.Kind, r.Hist.TotalCount(), s.Hist.TotalCount())
			}
		}
		cfg.Rate = 0
		if closed := mustRun(t, cfg); closed.OpStreamDigest() != open.OpStreamDigest() {
			t.Error("the open loop sent other operations than the closed one")
		}
	})
}

// TestScheduledLoadIsTheSame: the operations due within a time do not depend on who sends
// them or how fast they are answered.
func TestScheduledLoadIsTheSame(t *testing.T) {
	digests := map[uint64]bool{}
	for _, change := range []func(*Config){
		func(*Config) {},
		func(c *Config) { c.Threads = 1 },
		func(c *Config) { c.Pipeline = 1 },
		func(c *Config) { c.Driver = GoRedis },
	} {
		cfg := testConfig(t, (&fakeServer{}).start(t), Raw, "ycsb-a")
		cfg.Rate, cfg.Operations, cfg.Duration = 5000, 0, 400*time.Millisecond
		cfg.Warmup = Warmup{Duration: 100 * time.Millisecond, Ramp: 50 * time.Millisecond}
		mustLoad(t, cfg)
		change(&cfg)
		res := mustRun(t, cfg)
		digests[res.OpStreamDigest()] = true
		if res.Warmed.Operations == 0 || res.Errors+res.VerifyFailures+res.Misses != 0 {
			t.Errorf("warm-up %+v, result %+v", res.Warmed, res)
		}
	}
	if len(digests) != 1 {
		t.Errorf("%d different loads", len(digests))
	}
}

// TestProcessesShareTheLoad: parts of the connections in other processes send the same as all
// of them in one.
func TestProcessesShareTheLoad(t *testing.T) {
	eachOpenLoop(t, "ycsb-a", func(t *testing.T, cfg Config) {
		mustLoad(t, cfg)
		whole := mustRun(t, cfg)
		var digests []uint64
		var ops uint64
		for _, part := range [][2]int{{0, 3}, {3, 4}} {
			cfg.First, cfg.Connections, cfg.Total = part[0], part[1], 7
			res := mustRun(t, cfg)
			ops += res.Ops
			digests = append(digests, res.Digests...)
		}
		both := Result{Digests: digests}
		if ops != whole.Ops || both.OpStreamDigest() != whole.OpStreamDigest() {
			t.Errorf("%d operations with digest %x in parts, %d with %x as a whole",
				ops, both.OpStreamDigest(), whole.Ops, whole.OpStreamDigest())
		}
	})
}

func TestOpenLoopTimesOut(t *testing.T) {
	for _, name := range []string{Raw, GoRedis} {
		cfg := testConfig(t, (&fakeServer{override: after500(silence)}).start(t), name, "ycsb-a")
		cfg.Timeout, cfg.Rate = 300*time.Millisecond, 10_000
		checkEnds(t, cfg, ErrTimeout)
	}
}

func TestOpenLoopIsCancelled(t *testing.T) {
	eachOpenLoop(t, "ping", func(t *testing.T, cfg Config) {
		cfg.Rate, cfg.Operations = 100, 1<<40
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		defer cancel()
		res, err := Run(ctx, cfg)
		if !errors.Is(err, context.DeadlineExceeded) || res == nil || res.Ops == 0 {
			t.Errorf("result %+v, error %v; want a partial result and the context's error", res, err)
		}
	})
}
