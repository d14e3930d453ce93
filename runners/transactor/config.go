// Package transactor sends a transactional workload to one RESP server and measures it,
// closed loop: each connection executes one transaction after the other, each in one or
// more round trips, see package transaction. A few threads with an epoll instance each
// carry all connections, so that the client is not what is measured.
package transactor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bpfdb/runners/driver"
	"bpfdb/runners/transaction"
	"bpfdb/workloads"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// DefaultTries is how often a transaction is tried before it is given up.
const DefaultTries = 1000

var (
	// ErrConfig means the configuration is bad; the text names the field and its value.
	ErrConfig  = errors.New("invalid transactor configuration")
	errRefused = errors.New("the server refused")
)

// Config says what to send where.
type Config struct {
	Network string // "tcp" or "unix"; empty means tcp
	Addr    string // host:port, or the path of a unix socket

	Connections int // each is a worker with a stream of its own
	Threads     int
	Protocol    int // RESP version, 2 or 3; 0 means 3

	Workload         workloads.Spec // a transactional one
	Mode             string         // of package transaction
	Tries            int            // per transaction; 0 means DefaultTries
	Seed             uint64
	Operations       uint64 // transactions of the measured phase, split among the connections
	WarmupOperations uint64 // sent first, from other streams, and not measured

	Timeout time.Duration // for each reply; 0 means 10 s

	// Progress, Starting and Finished are as in driver.Config.
	Progress           func(done, total uint64)
	Starting, Finished func()
}

// Result is what one measured phase did.
type Result struct {
	Measured transaction.Ledger
	Ever     transaction.Ledger // of the warm-up too: what the data must agree with
	// Latency has a series for each type of transaction that committed or aborted: from
	// before the first try was sent to after the last reply, in ns. All has them all.
	Latency []Series
	All     *hdrhistogram.Histogram

	ElapsedNS      int64
	ClientCPUNS    int64 // user and system time of this process in the phase
	OpStreamDigest uint64
}

// Series is the latencies of one type of transaction, 1 ns to 60 s at three digits.
type Series struct {
	Kind workloads.TxnKind
	Hist *hdrhistogram.Histogram
}

// Run executes the warm-up and then the measured transactions. When the context ends or a
// connection fails in the measured phase, the partial Result comes with the error.
func Run(ctx context.Context, cfg Config) (*Result, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	if cfg.Operations == 0 {
		return nil, bad("operations", cfg.Operations, "at least 1")
	}
	p, err := newPool(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer p.close()
	if cfg.WarmupOperations > 0 {
		if err := p.phase(ctx, workloads.Warmup, cfg.WarmupOperations); err != nil {
			return nil, fmt.Errorf("warm-up: %w", err)
		}
		p.forget()
	}
	return p.measure(ctx)
}

// complete checks the configuration and fills in defaults.
func (c Config) complete() (Config, error) {
	if err := c.Workload.Validate(); err != nil {
		return c, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if !c.Workload.Transactional() {
		return c, bad("workload", c.Workload.Name, "one made of transactions")
	}
	if err := transaction.CheckMode(c.Mode, c.Workload); err != nil {
		return c, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if c.Tries == 0 {
		c.Tries = DefaultTries
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Progress == nil {
		c.Progress = func(uint64, uint64) {}
	}
	if c.Starting == nil {
		c.Starting = func() {}
	}
	if c.Finished == nil {
		c.Finished = func() {}
	}
	switch {
	case c.Connections < 1 || c.Connections > driver.MaxConnections:
		return c, bad("connections", c.Connections, fmt.Sprintf("1 to %d", driver.MaxConnections))
	case c.Threads < 1 || c.Threads > driver.MaxThreads:
		return c, bad("threads", c.Threads, fmt.Sprintf("1 to %d", driver.MaxThreads))
	case c.Tries < 0:
		return c, bad("tries", c.Tries, "at least 1")
	case c.Timeout < 0:
		return c, bad("timeout", c.Timeout, "a positive duration")
	}
	return c, nil
}

func bad(field string, value any, want string) error {
	return fmt.Errorf("%w: %s is %v, want %s", ErrConfig, field, value, want)
}

// dial opens a connection as the raw driver does.
func (c Config) dial(ctx context.Context) (int, error) {
	return driver.Dial(ctx, driver.Config{
		Network: c.Network, Addr: c.Addr, Protocol: c.Protocol, Timeout: c.Timeout,
	})
}
