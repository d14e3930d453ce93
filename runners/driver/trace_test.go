package driver

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"bpfdb/internal/dialogue"
	"bpfdb/workloads"
	"bpfdb/workloads/trace"
)

// traceConfig replays a part of a synthetic trace that has every operation.
func traceConfig(t *testing.T, addr string, part trace.Part) Config {
	t.Helper()
	source, err := trace.Synthetic{Keys: 1000, RateOps: 5000, Skew: 0.9, Seed: 1}.NewSource()
	if err != nil {
		t.Fatal(err)
	}
	replay, err := trace.New(source, part)
	if err != nil {
		t.Fatal(err)
	}
	return Config{
		Addr: addr, Driver: Raw, Connections: 7, Pipeline: 3, Threads: 2, Trace: replay, Seed: 42, Verify: true,
		Timeout: 5 * time.Second,
	}
}

// checkReplayed checks a replay that must have met what the trace says and nothing else.
func checkReplayed(t *testing.T, cfg Config, res *Result) {
	t.Helper()
	cfg.Operations = cfg.Trace.Len(workloads.Measured)
	checkClean(t, cfg, res)
	if res.Warmed.Operations != cfg.Trace.Len(workloads.Warmup) {
		t.Errorf("%d operations of warm-up, want %d", res.Warmed.Operations, cfg.Trace.Len(workloads.Warmup))
	}
	count := map[string]uint64{}
	for _, s := range res.Latency {
		count[s.Name()] = uint64(s.Hist.TotalCount())
	}
	if len(count) != 9 { // gets are reads too, and there is no prepend
		t.Errorf("series %v, want one for each of nine kinds", count)
	}
}

// A real server answers a trace as it was worked out beforehand, request by request: closed loop
// and open, in both versions of the protocol, with the same digest each time.
func TestTraceAgainstRedis(t *testing.T) {
	addr := dialogue.StartRedis(t)
	digests := map[uint64]bool{}
	for _, speed := range []float64{0, 4} {
		for _, protocol := range []int{2, 3} {
			for _, pipeline := range []int{1, 16} {
				cfg := traceConfig(t, addr, trace.Part{WarmupRequests: 1000, Requests: 5000})
				cfg.Speed, cfg.Protocol, cfg.Pipeline, cfg.Threads = speed, protocol, pipeline, protocol-1
				inline(t, addr, "FLUSHALL")
				if res := mustLoad(t, cfg); res.Ops != cfg.Trace.Loads() || res.Errors > 0 {
					t.Errorf("loaded %d keys with %d errors (%s), want %d", res.Ops, res.Errors, res.FirstError,
						cfg.Trace.Loads())
				}
				res := mustRun(t, cfg)
				checkReplayed(t, cfg, res)
				if (res.Open != nil) != (speed > 0) {
					t.Errorf("speed %v: open loop %v", speed, res.Open)
				}
				digests[res.OpStreamDigest()] = true
			}
		}
	}
	if len(digests) != 1 {
		t.Errorf("%d different digests of one trace, seed and number of connections", len(digests))
	}
	cfg := traceConfig(t, addr, trace.Part{WarmupRequests: 1000, Requests: 5000})
	cfg.Seed++
	inline(t, addr, "FLUSHALL")
	mustLoad(t, cfg)
	if digests[mustRun(t, cfg).OpStreamDigest()] {
		t.Error("another seed deals the keys out in the same way")
	}
}

// Requests are sent when the trace says, divided by the speed, and by two connections together
// no earlier than by one.
func TestTraceKeepsItsTimes(t *testing.T) {
	addr := (&fakeServer{}).start(t)
	lines := strings.Repeat("10,a,1,0,9,get,0\n10,b,1,0,9,get,0\n", 5) + "12,a,1,0,9,get,0\n"
	replay, err := trace.New(trace.NewReader(strings.NewReader(lines), "test"), trace.Part{})
	if err != nil {
		t.Fatal(err)
	}
	for _, connections := range []int{1, 2} {
		cfg := Config{Addr: addr, Driver: Raw, Connections: connections, Pipeline: 4, Threads: 1, Trace: replay,
			Speed: 5, Seed: 1, Verify: true, Window: 100 * time.Millisecond}
		res := mustRun(t, cfg)
		if res.Ops != 11 || res.Errors+res.VerifyFailures+res.Misses > 0 {
			t.Errorf("%+v", res)
		}
		// Ten in the first fifth of a second, none in the second, one at its end.
		if elapsed := time.Duration(res.ElapsedNS); elapsed < 400*time.Millisecond || elapsed > 2*time.Second {
			t.Errorf("two seconds at speed 5 took %v", elapsed)
		}
		for i, most := range []uint64{5, 10, 10, 10} {
			var sent uint64
			for _, w := range res.Windows[:min(i+1, len(res.Windows))] {
				sent += w.Ops
			}
			if sent > most {
				t.Errorf("%d replies within %d ms, want at most %d", sent, 100*(i+1), most)
			}
		}
	}
}

// A server that does what the trace does not expect is seen, by whatever operation meets it.
func TestTraceSeesWrongReplies(t *testing.T) {
	addr := dialogue.StartRedis(t)
	const before, after = "1,k,1,9,9,set,0\n", "\n"
	for line, c := range map[string]struct{ meanwhile, want string }{
		"k,1,9,9,get,0":     {"SET k x", "1 bytes, want 9"},
		"k,1,9,9,gets,0":    {"DEL k", ""},
		"k,1,9,9,append,0":  {"SET k x", `request 1: append answered :10, want 18`},
		"k,1,9,9,add,0":     {"DEL k", "request 1: add answered +OK, want null"},
		"k,1,9,9,cas,0":     {"DEL k", "request 1: cas answered _, want OK"},
		"k,1,9,9,replace,0": {"DEL k", "request 1: replace answered _, want OK"},
		"k,1,0,9,delete,0":  {"DEL k", "request 1: delete answered :0, want 1"},
		"k,1,2,9,incr,0":    {"SET k 1", "request 1: incr answered :2, want"},
	} {
		text := before + "3," + line + after
		part := trace.Part{WarmupRequests: 1, Requests: 1}
		replay, err := trace.New(trace.NewReader(strings.NewReader(text), "test"), part)
		if err != nil {
			t.Fatal(err)
		}
		cfg := Config{Addr: addr, Driver: Raw, Connections: 1, Pipeline: 1, Threads: 1, Trace: replay, Verify: true}
		cfg.Starting = func() { inline(t, addr, c.meanwhile) }
		res := mustRun(t, cfg)
		wrong := res.VerifyFailures == 1 && strings.Contains(res.FirstVerifyFailure, c.want)
		if lost := res.Misses == 1 && c.want == ""; lost == wrong || res.Errors > 0 {
			t.Errorf("%s after %s: %d wrong, %q, %d misses, %d errors; want %q", line, c.meanwhile, res.VerifyFailures,
				res.FirstVerifyFailure, res.Misses, res.Errors, c.want)
		}
	}
}

// Error replies are counted as such.
func TestTraceCountsErrors(t *testing.T) {
	server := &fakeServer{override: func(int, []string, string) string { return "-ERR no\r\n" }}
	replay, err := trace.New(trace.NewReader(strings.NewReader("1,k,1,9,9,set,0\n1,k,1,9,9,delete,0\n"), "test"),
		trace.Part{})
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Addr: server.start(t), Driver: Raw, Connections: 2, Pipeline: 1, Threads: 1, Trace: replay}
	if res := mustRun(t, cfg); res.Errors != 2 || res.Ops != 2 || res.FirstError != "ERR no" {
		t.Errorf("%d operations, %d errors, %q", res.Ops, res.Errors, res.FirstError)
	}
}

// What a request allocates would show in the difference between a short replay and a long one.
func TestTraceDoesNotAllocate(t *testing.T) {
	addr := dialogue.StartRedis(t)
	mallocs := func(requests uint64) uint64 {
		cfg := traceConfig(t, addr, trace.Part{WarmupRequests: 2000, Requests: requests})
		cfg.Pipeline = 16
		inline(t, addr, "FLUSHALL")
		mustLoad(t, cfg)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		checkReplayed(t, cfg, mustRun(t, cfg))
		runtime.ReadMemStats(&after)
		return after.Mallocs - before.Mallocs
	}
	const few, many = 5000, 50_000
	first, second := mallocs(few), mallocs(many)
	if perOp := (float64(second) - float64(first)) / (many - few); perOp > 0.05 { // dealing them out allocates a little
		t.Errorf("%d mallocs for %d requests, %d for %d: %.3f each, want 0", first, few, second, many, perOp)
	}
}

func TestTraceConfigIsChecked(t *testing.T) {
	good := traceConfig(t, "localhost:1", trace.Part{Requests: 10})
	for want, change := range map[string]func(*Config){
		"driver is go-redis":  func(c *Config) { c.Driver = GoRedis },
		"mode is multi":       func(c *Config) { c.Mode = "multi" },
		"rate is 5":           func(c *Config) { c.Rate = 5 },
		"speed is -1":         func(c *Config) { c.Speed = -1 },
		"speed is 1e+07":      func(c *Config) { c.Speed = 1e7 },
		"warm-up is":          func(c *Config) { c.Warmup.Operations = 1 },
		"speed is 2, want 0 ": func(c *Config) { c.Trace, c.Speed = nil, 2 },
	} {
		cfg := good
		change(&cfg)
		if err := cfg.Validate(); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want ErrConfig with %q", err, want)
		}
	}
	if _, err := ReadBack(context.Background(), good); !errors.Is(err, ErrConfig) {
		t.Errorf("read back: %v, want ErrConfig", err)
	}
}
