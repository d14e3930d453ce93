package driver

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestSteady(t *testing.T) {
	s := Steady{Window: time.Second, Windows: 5, Band: 0.1, Slope: 0.05, Limit: time.Minute}
	for _, c := range []struct {
		what string
		seen []float64
		want bool
	}{
		{"too few", []float64{100, 100, 100, 100}, false},
		{"level", []float64{100, 101, 99, 100, 100}, true},
		{"level after a rise", []float64{10, 50, 100, 101, 99, 100, 100}, true},
		{"one out of the band", []float64{100, 100, 130, 100, 100}, false},
		{"rising within the band", []float64{96, 98, 100, 102, 104}, false},
		{"falling within the band", []float64{104, 102, 100, 98, 96}, false},
		{"nothing at all", []float64{0, 0, 0, 0, 0}, false},
	} {
		if got := s.reached(c.seen); got != c.want {
			t.Errorf("%s: steady %v, want %v", c.what, got, c.want)
		}
	}
}

// TestWarmsUpUntilSteady: a band that anything is within is reached at once, one that nothing
// is in never is, and what was sent till then is left out of the result.
func TestWarmsUpUntilSteady(t *testing.T) {
	for _, rate := range []float64{0, 5000} {
		for _, c := range []struct {
			band, slope float64
			limit       time.Duration
			want        bool
		}{{0.999, 0.999, time.Minute, true}, {1e-12, 1e-12, 300 * time.Millisecond, false}} {
			cfg := testConfig(t, (&fakeServer{}).start(t), Raw, "ycsb-a")
			mustLoad(t, cfg)
			cfg.Rate = rate
			cfg.Warmup = Warmup{Ramp: 50 * time.Millisecond, Steady: Steady{
				Window: 50 * time.Millisecond, Windows: 3, Band: c.band, Slope: c.slope, Limit: c.limit}}
			res := mustRun(t, cfg)
			checkClean(t, cfg, res)
			if res.Warmed.Steady != c.want || res.Warmed.Operations == 0 || res.Warmed.NS == 0 {
				t.Errorf("rate %v, band %v: warmed %+v, want steady %v", rate, c.band, res.Warmed, c.want)
			}
		}
	}
}

// TestDuration ends a closed loop by time; its digest is then of what every server gets to.
func TestDuration(t *testing.T) {
	digests := map[uint64]bool{}
	for _, name := range []string{Raw, GoRedis} {
		for _, pipeline := range []int{1, 16} {
			cfg := testConfig(t, (&fakeServer{}).start(t), name, "ycsb-a")
			cfg.Operations, cfg.Duration, cfg.Pipeline = 0, 200*time.Millisecond, pipeline
			short := cfg
			short.Duration = 1
			if res := mustLoad(t, short); res.Ops != cfg.Workload.Records {
				t.Errorf("loaded %d of %d records in a run that time ends", res.Ops, cfg.Workload.Records)
			}
			cfg.Window = 50 * time.Millisecond
			res := mustRun(t, cfg)
			if res.ElapsedNS < int64(cfg.Duration) || res.Ops == 0 || res.Errors+res.Misses != 0 {
				t.Errorf("%d operations in %d ns, want some in %v", res.Ops, res.ElapsedNS, cfg.Duration)
			}
			digests[res.OpStreamDigest()] = true
			var counted uint64
			for _, w := range res.Windows {
				counted += w.Ops
			}
			if counted != res.Ops || len(res.Windows) < 4 {
				t.Errorf("%d windows hold %d of %d operations", len(res.Windows), counted, res.Ops)
			}
		}
	}
	if len(digests) != 1 {
		t.Errorf("%d different digests of the same load", len(digests))
	}
}

func TestLoadErrorsNameFieldAndValue(t *testing.T) {
	steady := Steady{Window: time.Second, Windows: 3, Band: 0.1, Slope: 0.1, Limit: time.Minute}
	for field, breakIt := range map[string]func(*Config){
		"rate is -1":              func(c *Config) { c.Rate = -1 },
		"rate is 1e+09":           func(c *Config) { c.Rate = 1e9 },
		`arrival is "bursty"`:     func(c *Config) { c.Arrival = "bursty" },
		"duration is -1s":         func(c *Config) { c.Duration = -time.Second },
		"window is -1s":           func(c *Config) { c.Window = -time.Second },
		"first connection is 5":   func(c *Config) { c.First, c.Total = 5, 10 },
		"warm-up duration is -1s": func(c *Config) { c.Warmup.Duration = -time.Second },
		"ramp is 1s":              func(c *Config) { c.Warmup = Warmup{Operations: 5, Ramp: time.Second} },
		"ramp is 2s":              func(c *Config) { c.Warmup = Warmup{Duration: 1, Ramp: 2 * time.Second} },
		"steady windows is 2":     func(c *Config) { c.Warmup.Steady = steady; c.Warmup.Steady.Windows = 2 },
		"steady band is 1":        func(c *Config) { c.Warmup.Steady = steady; c.Warmup.Steady.Band = 1 },
		"steady slope is 0":       func(c *Config) { c.Warmup.Steady = steady; c.Warmup.Steady.Slope = 0 },
		"steady limit is 2s":      func(c *Config) { c.Warmup.Steady = steady; c.Warmup.Steady.Limit = 2e9 },
		"warm-up operations is 7": func(c *Config) { c.Warmup = Warmup{Operations: 7, Steady: steady} },
		"steady window is 0s":     func(c *Config) { c.Warmup.Steady = steady; c.Warmup.Steady.Window = 0 },
	} {
		cfg := testConfig(t, "127.0.0.1:1", Raw, "ycsb-a")
		breakIt(&cfg)
		_, err := Run(t.Context(), cfg)
		if !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), field) {
			t.Errorf("error is %v, want it to say %s", err, field)
		}
	}
}

// TestSaturatedClientIsMarked: a busy generator and a late one are told from a slow server.
func TestSaturatedClientIsMarked(t *testing.T) {
	result := func(response, lag time.Duration) *Result {
		r := &Result{All: newHistogram(), Open: &OpenLoop{Lag: newHistogram()}}
		for range 100 {
			r.All.RecordValue(int64(response))
			r.Open.Lag.RecordValue(int64(lag))
		}
		return r
	}
	for _, c := range []struct {
		what string
		busy float64
		res  *Result
		want string
	}{
		{"idle", 0.5, result(time.Millisecond, 50*time.Microsecond), ""},
		{"slow server", 0.5, result(time.Second, time.Millisecond), ""},
		{"late", 0.5, result(time.Millisecond, 500*time.Microsecond), "late"},
		{"busy", 0.99, result(time.Millisecond, 0), "on a processor 99 %"},
		{"busy closed loop", 0.99, &Result{}, "on a processor 99 %"},
		{"closed loop", 0.9, &Result{}, ""},
	} {
		got := (Client{Busy: c.busy, Own: 0.25}).saturated(c.res)
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}
