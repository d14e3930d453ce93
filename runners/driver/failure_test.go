package driver

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// hanging is longer than a run that was to end at once takes, even where a process waits seconds for a CPU.
const hanging = 20 * time.Second

// checkEnds runs a configuration that must fail with want, soon, with a partial result.
func checkEnds(t *testing.T, cfg Config, want error) {
	t.Helper()
	start := time.Now()
	res, err := Run(context.Background(), cfg)
	if !errors.Is(err, want) {
		t.Errorf("error is %v, want %v", err, want)
	}
	if res == nil || res.Ops >= cfg.Operations || res.Ops == 0 {
		t.Errorf("result %+v, want some of %d operations", res, cfg.Operations)
	}
	if took := time.Since(start); took > hanging {
		t.Errorf("took %v to give up", took)
	}
}

// after500 returns an override that misbehaves from the 500th command on.
func after500(reply string) func(int, []string, string) string {
	return func(n int, _ []string, _ string) string {
		if n > 500 {
			return reply
		}
		return ""
	}
}

func TestServerHangsUp(t *testing.T) {
	eachDriver(t, "ycsb-a", func(t *testing.T, cfg Config) {
		cfg.Addr = (&fakeServer{override: after500(hangUp)}).start(t)
		checkEnds(t, cfg, ErrClosed)
	})
}

func TestServerFallsSilent(t *testing.T) {
	eachDriver(t, "ycsb-a", func(t *testing.T, cfg Config) {
		cfg.Addr = (&fakeServer{override: after500(silence)}).start(t)
		cfg.Timeout = 300 * time.Millisecond
		checkEnds(t, cfg, ErrTimeout)
	})
}

func TestServerTalksNonsense(t *testing.T) {
	unasked := strings.Repeat("+OK\r\n", 5)
	for _, nonsense := range []string{"what?\r\n", "$abc\r\n", "$3\r\nabcde", "\n", unasked} {
		cfg := testConfig(t, (&fakeServer{override: after500(nonsense)}).start(t), Raw, "set")
		checkEnds(t, cfg, ErrProtocol)
	}
}

// TestWrongReplyType: a well-formed reply that the command cannot have is an error.
func TestWrongReplyType(t *testing.T) {
	cfg := testConfig(t, (&fakeServer{override: func(int, []string, string) string {
		return ":1\r\n"
	}}).start(t), Raw, "ycsb-a")
	res := mustRun(t, cfg)
	if res.Errors != cfg.Operations || !strings.Contains(res.FirstError, "unexpected reply") {
		t.Errorf("%d errors, first %q; want every operation refused", res.Errors, res.FirstError)
	}
}

// TestHelloRefused: neither driver falls back to RESP 2 silently.
func TestHelloRefused(t *testing.T) {
	for _, driver := range []string{Raw, GoRedis} {
		cfg := testConfig(t, (&fakeServer{hello: "-NOPROTO unsupported\r\n"}).start(t), driver, "ping")
		res, err := Run(context.Background(), cfg)
		if !errors.Is(err, ErrProtocol) || !strings.Contains(err.Error(), "NOPROTO") || res != nil {
			t.Errorf("%s: result %v, error %v, want %v", driver, res, err, ErrProtocol)
		}
	}
}

func TestNobodyListens(t *testing.T) {
	cfg := testConfig(t, "", Raw, "ping")
	for _, network := range []struct{ name, addr string }{
		{"tcp", "127.0.0.1:1"}, {"unix", "/nonexistent/socket"},
	} {
		for _, driver := range []string{Raw, GoRedis} {
			cfg.Network, cfg.Addr, cfg.Driver = network.name, network.addr, driver
			if res, err := Run(context.Background(), cfg); err == nil || res != nil {
				t.Errorf("%s to %s: result %v, error %v; want it to fail", driver, network.addr, res, err)
			}
		}
	}
}

func TestConfigErrorsNameFieldAndValue(t *testing.T) {
	for field, breakIt := range map[string]func(*Config){
		"network is udp":        func(c *Config) { c.Network = "udp" },
		"address":               func(c *Config) { c.Addr = "" },
		`driver is "jedis"`:     func(c *Config) { c.Driver = "jedis" },
		"connections is 0":      func(c *Config) { c.Connections = 0 },
		"connections is 8193":   func(c *Config) { c.Connections = MaxConnections + 1 },
		"pipeline is 0":         func(c *Config) { c.Pipeline = 0 },
		"pipeline is 4097":      func(c *Config) { c.Pipeline = MaxPipeline + 1 },
		"threads is 0":          func(c *Config) { c.Threads = 0 },
		"protocol is 4":         func(c *Config) { c.Protocol = 4 },
		"timeout is -1s":        func(c *Config) { c.Timeout = -time.Second },
		"operations is 0":       func(c *Config) { c.Operations = 0 },
		"records is 0":          func(c *Config) { c.Workload.Records = 0 },
		"distribution is \"zip": func(c *Config) { c.Workload.Distribution = "zip" },
	} {
		cfg := testConfig(t, "127.0.0.1:1", Raw, "ycsb-a")
		breakIt(&cfg)
		_, err := Run(context.Background(), cfg)
		if !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), field) {
			t.Errorf("error is %v, want it to say %s", err, field)
		}
	}
}
