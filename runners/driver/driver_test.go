package driver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bpfdb/workloads"
)

// eachDriver runs the test with both drivers and both protocol versions.
func eachDriver(t *testing.T, workload string, test func(t *testing.T, cfg Config)) {
	for _, name := range []string{Raw, GoRedis} {
		for _, protocol := range []int{2, 3} {
			t.Run(fmt.Sprintf("%s/resp%d", name, protocol), func(t *testing.T) {
				cfg := testConfig(t, "", name, workload)
				cfg.Protocol = protocol
				test(t, cfg)
			})
		}
	}
}

// isConnecting tells the PING that opens a connection of go-redis with RESP 2.
func isConnecting(command string) bool { return command == "PING" }

func TestSplitReplies(t *testing.T) {
	eachDriver(t, "ycsb-f", func(t *testing.T, cfg Config) {
		for _, chunk := range []int{0, 1, 3, 64} {
			cfg.Addr = (&fakeServer{chunk: chunk}).start(t)
			cfg.Workload.Records, cfg.Operations, cfg.Threads = 50, 300, 1
			mustLoad(t, cfg)
			checkClean(t, cfg, mustRun(t, cfg))
		}
	})
}

// TestPushes: RESP 3 servers may push at any time, also to connections that have finished.
func TestPushes(t *testing.T) {
	for _, chunk := range []int{0, 1, 4, 11} {
		server := &fakeServer{chunk: chunk, override: func(_ int, _ []string, right string) string {
			return ">1\r\n+before\r\n" + right + ">2\r\n+after\r\n:1\r\n"
		}}
		cfg := testConfig(t, server.start(t), Raw, "ycsb-f")
		cfg.Workload.Records, cfg.Operations = 50, 300
		mustLoad(t, cfg)
		checkClean(t, cfg, mustRun(t, cfg))
	}
}

// TestLargeBatches fills the socket buffers in both directions, so that requests leave in
// pieces, and replies arrive in pieces.
func TestLargeBatches(t *testing.T) {
	eachDriver(t, "ycsb-a", func(t *testing.T, cfg Config) {
		cfg.Addr = (&fakeServer{}).start(t)
		cfg.Workload.ValueBytes, cfg.Workload.Records = workloads.MaxValueBytes, 100
		cfg.Connections, cfg.Pipeline, cfg.Operations = 2, 150, 600
		mustLoad(t, cfg)
		checkClean(t, cfg, mustRun(t, cfg))
	})
}

func TestUnixSocket(t *testing.T) {
	eachDriver(t, "ycsb-a", func(t *testing.T, cfg Config) {
		cfg.Network, cfg.Addr = "unix", (&fakeServer{}).startUnix(t)
		mustLoad(t, cfg)
		checkClean(t, cfg, mustRun(t, cfg))
	})
}

// TestReadModifyWrite checks that every write follows a read of its key, and the series.
func TestReadModifyWrite(t *testing.T) {
	eachDriver(t, "ycsb-f", func(t *testing.T, cfg Config) {
		server := &fakeServer{}
		cfg.Addr = server.start(t)
		cfg.Workload.ReadProportion, cfg.Workload.ReadModifyWriteProportion = 0, 1
		cfg.Connections, cfg.Pipeline, cfg.Operations, cfg.Threads = 1, 4, 102, 1
		mustLoad(t, cfg)
		server.commands()
		res := mustRun(t, cfg)
		checkClean(t, cfg, res)
		seen := server.commands()
		seen = slices.DeleteFunc(seen, isConnecting)
		for i := 0; i < len(seen); i += 8 {
			batch := seen[i:min(i+8, len(seen))]
			for j, read := range batch[:len(batch)/2] {
				write := batch[len(batch)/2+j]
				if !strings.HasPrefix(read, "GET ") || write != "SET "+read[4:] {
					t.Fatalf("commands %d on are %q, want reads and then writes of the same keys", i, batch)
				}
			}
		}
		for i, kind := range []workloads.Kind{workloads.Read, workloads.Update, workloads.ReadModifyWrite} {
			if s := res.Latency[i]; s.Kind != kind || s.Hist.TotalCount() != 102 {
				t.Errorf("series %d is %d of %v, want 102 of %v", i, s.Hist.TotalCount(), s.Kind, kind)
			}
		}
		// Every read and update is a part of one; the histograms have three digits.
		read, update, whole := res.Latency[0].Hist, res.Latency[1].Hist, res.Latency[2].Hist
		if parts := read.Min() + update.Min(); whole.Min() < parts*99/100 {
			t.Errorf("fastest read-modify-write took %d ns, its parts %d ns; want both its rounds", whole.Min(), parts)
		}
	})
}

func TestErrorReplies(t *testing.T) {
	eachDriver(t, "ycsb-a", func(t *testing.T, cfg Config) {
		server := &fakeServer{}
		cfg.Addr = server.start(t)
		mustLoad(t, cfg)
		var refused atomic.Int64
		server.misbehave(func(n int, args []string, right string) string {
			if n%10 == 0 && args[0] != "PING" { // which go-redis connects with
				refused.Add(1)
				return "-OOM no memory left\r\n"
			}
			return ""
		})
		res := mustRun(t, cfg)
		if res.Ops != cfg.Operations || int64(res.Errors) != refused.Load() || res.Errors < 400 {
			t.Errorf("%d operations, %d errors; want %d and %d",
				res.Ops, res.Errors, cfg.Operations, refused.Load())
		}
		if !strings.Contains(res.FirstError, "OOM no memory left") {
			t.Errorf("first error is %q", res.FirstError)
		}
		if got := uint64(res.All.TotalCount()); got != res.Ops-res.Errors {
			t.Errorf("histogram holds %d operations, want %d without the errors", got, res.Ops-res.Errors)
		}
	})
}

// TestRefusedRead: a read-modify-write whose read is refused ends there.
func TestRefusedRead(t *testing.T) {
	eachDriver(t, "ycsb-f", func(t *testing.T, cfg Config) {
		server := &fakeServer{override: func(n int, args []string, right string) string {
			if args[0] == "GET" {
				return "-ERR no\r\n"
			}
			return ""
		}}
		cfg.Addr = server.start(t)
		res := mustRun(t, cfg)
		if res.Ops != cfg.Operations || res.Errors != res.Ops || res.Commands != res.Ops ||
			len(res.Latency) != 0 {
			t.Errorf("%d operations, %d errors, %d commands, %d series; want %d three times and none",
				res.Ops, res.Errors, res.Commands, len(res.Latency), cfg.Operations)
		}
	})
}

func TestMisses(t *testing.T) {
	eachDriver(t, "ycsb-c", func(t *testing.T, cfg Config) {
		cfg.Addr = (&fakeServer{}).start(t)
		if res := mustRun(t, cfg); res.Misses != cfg.Operations || res.Errors != 0 || res.VerifyFailures != 0 {
			t.Errorf("%d misses, %d errors, %d wrong values; want %d misses only",
				res.Misses, res.Errors, res.VerifyFailures, cfg.Operations)
		}
	})
}

func TestWrongValues(t *testing.T) {
	foreign := string(workloads.AppendValue(nil, 1<<50, 1, 100))
	short := string(workloads.AppendValue(nil, 0, 1, 50))
	for what, value := range map[string]string{
		"other key": foreign, "garbage": "xyz", "empty": "", "short": short,
	} {
		eachDriver(t, "ycsb-c", func(t *testing.T, cfg Config) {
			cfg.Addr = (&fakeServer{override: func(_ int, args []string, _ string) string {
				if args[0] == "GET" {
					return fmt.Sprintf("$%d\r\n%s\r\n", len(value), value)
				}
				return ""
			}}).start(t)
			cfg.Operations = 500
			res := mustRun(t, cfg)
			if res.VerifyFailures != 500 || res.FirstVerifyFailure == "" || res.Errors != 0 {
				t.Errorf("%s: %d verify failures, first %q, %d errors; want 500 failures", what,
					res.VerifyFailures, res.FirstVerifyFailure, res.Errors)
			}
			cfg.Verify = false
			if res := mustRun(t, cfg); res.VerifyFailures != 0 {
				t.Errorf("%s: %d verify failures without Verify", what, res.VerifyFailures)
			}
		})
	}
}

func TestWarmupIsExcluded(t *testing.T) {
	eachDriver(t, "ycsb-c", func(t *testing.T, cfg Config) {
		server := &fakeServer{}
		cfg.Addr = server.start(t)
		mustLoad(t, cfg)
		cold := mustRun(t, cfg)
		cfg.Warmup.Operations = 1234
		var order []string
		cfg.Starting = func() { order = append(order, "starting") }
		cfg.Finished = func() { order = append(order, "finished") }
		var lastDone, lastTotal uint64
		cfg.Progress = func(done, total uint64) { lastDone, lastTotal = done, total }
		server.commands()
		warm := mustRun(t, cfg)
		checkClean(t, cfg, warm)
		sent := len(slices.DeleteFunc(server.commands(), isConnecting))
		if sent != int(cfg.Operations)+1234 {
			t.Errorf("%d commands sent, want %d and 1234 of warm-up", sent, cfg.Operations)
		}
		if warm.OpStreamDigest() != cold.OpStreamDigest() || warm.OpStreamDigest() == 0 {
			t.Errorf("digest %x with warm-up, %x without", warm.OpStreamDigest(), cold.OpStreamDigest())
		}
		if lastDone != cfg.Operations || lastTotal != cfg.Operations ||
			strings.Join(order, ",") != "starting,finished" {
			t.Errorf("last progress %d of %d, hooks %v", lastDone, lastTotal, order)
		}
	})
}

// TestDigestDependsOnTheLoadOnly: threads, depth and driver do not change it, seed and
// number of connections do.
func TestDigestDependsOnTheLoadOnly(t *testing.T) {
	base := testConfig(t, (&fakeServer{}).start(t), Raw, "ycsb-a")
	digest := func(change func(*Config)) uint64 {
		cfg := base
		change(&cfg)
		return mustRun(t, cfg).OpStreamDigest()
	}
	want := digest(func(*Config) {})
	for _, same := range []func(*Config){
		func(c *Config) { c.Threads = 1 },
		func(c *Config) { c.Pipeline = 16 },
		func(c *Config) { c.Driver = GoRedis },
	} {
		if got := digest(same); got != want {
			t.Errorf("digest %x, want %x", got, want)
		}
	}
	for _, other := range []func(*Config){
		func(c *Config) { c.Seed++ }, func(c *Config) { c.Connections++ }, func(c *Config) { c.Operations++ },
		func(c *Config) { c.Workload.ValueBytes++ },
	} {
		if got := digest(other); got == want {
			t.Errorf("digest %x of another load is the same", got)
		}
	}
}

func TestCancel(t *testing.T) {
	eachDriver(t, "ping", func(t *testing.T, cfg Config) {
		cfg.Addr = (&fakeServer{}).start(t)
		cfg.Operations = 1 << 40
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		defer cancel()
		res, err := Run(ctx, cfg)
		if !errors.Is(err, context.DeadlineExceeded) || res == nil || res.Ops == 0 {
			t.Errorf("result %+v, error %v; want a partial result and the context's error", res, err)
		}
	})
}
