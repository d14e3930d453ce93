package driver

import (
	"fmt"
	"time"

	"bpfdb/runners/transaction"
	"bpfdb/workloads"
)

// Limits of a Config.
const (
	MaxConnections = 8192
	MaxPipeline    = 4096
	MaxThreads     = 256
	MaxRate        = 100_000_000 // operations per second
)

// DefaultTries is how often a transaction is tried before it is given up.
const DefaultTries = 1000

const defaultTimeout = 10 * time.Second

// withDefaults fills the fields whose zero value stands for a default.
func (c Config) withDefaults() Config {
	if c.Network == "" {
		c.Network = "tcp"
	}
	if c.Protocol == 0 {
		c.Protocol = 3
	}
	if c.Tries == 0 {
		c.Tries = DefaultTries
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.Arrival == "" {
		c.Arrival = Poisson
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
	return c
}

// Validate returns an error wrapping ErrConfig that names the first bad field and its
// value. Run additionally wants at least one operation.
func (c Config) Validate() error {
	if err := c.validateWorkload(); err != nil {
		return err
	}
	c = c.withDefaults()
	switch {
	case c.Network != "tcp" && c.Network != "unix":
		return bad("network", c.Network, "tcp or unix")
	case c.Addr == "":
		return bad("address", `""`, "host:port or a socket path")
	case c.Driver != Raw && c.Driver != GoRedis:
		return bad("driver", fmt.Sprintf("%q", c.Driver), Raw+" or "+GoRedis)
	case c.Workload.Mapping == workloads.MappingHash && c.Driver != Raw:
		return bad("driver", c.Driver, Raw+" for records that are hashes")
	case c.Connections < 1 || c.Connections > MaxConnections:
		return bad("connections", c.Connections, fmt.Sprintf("1 to %d", MaxConnections))
	case c.Pipeline < 1 || c.Pipeline > MaxPipeline:
		return bad("pipeline", c.Pipeline, fmt.Sprintf("1 to %d", MaxPipeline))
	case c.Driver == Raw && (c.Threads < 1 || c.Threads > MaxThreads):
		return bad("threads", c.Threads, fmt.Sprintf("1 to %d", MaxThreads))
	case c.Protocol != 2 && c.Protocol != 3:
		return bad("protocol", c.Protocol, "RESP version 2 or 3")
	case c.Timeout < 0:
		return bad("timeout", c.Timeout, "a positive duration")
	case c.First < 0 || c.Total < 0 || c.Total > 0 && c.First+c.Connections > c.Total:
		return bad("first connection", c.First, fmt.Sprintf("0 to total - connections, %d - %d",
			c.Total, c.Connections))
	}
	return c.validateLoad()
}

func (c Config) validateWorkload() error {
	if c.Trace != nil {
		return c.validateTrace()
	}
	if c.Speed != 0 {
		return bad("speed", c.Speed, "0 without a trace")
	}
	if err := c.Workload.Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return c.validateMode()
}

func (c Config) validateMode() error {
	switch transactional := c.Workload.Transactional(); {
	case transactional != (c.Mode != ""):
		return bad("mode", fmt.Sprintf("%q", c.Mode), "one for a workload of transactions, and for no other: "+
			c.Workload.Name)
	case !transactional:
		return nil
	case c.Driver != Raw:
		return bad("driver", fmt.Sprintf("%q", c.Driver), Raw+" for transactions")
	case c.Pipeline != 1:
		return bad("pipeline", c.Pipeline, "1 for transactions, which follow one after the other")
	case c.Tries < 0:
		return bad("tries", c.Tries, "at least 1")
	}
	if err := transaction.CheckMode(c.Mode, c.Workload); err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return nil
}

func (c Config) validateLoad() error {
	switch {
	case c.Duration < 0:
		return bad("duration", c.Duration, "a positive duration")
	case c.Window < 0:
		return bad("window", c.Window, "a positive duration")
	case !(c.Rate >= 0 && c.Rate <= MaxRate):
		return bad("rate", c.Rate, fmt.Sprintf("above 0, at most %d, or 0 for a closed loop", MaxRate))
	case c.Arrival != Fixed && c.Arrival != Poisson:
		return bad("arrival", fmt.Sprintf("%q", c.Arrival), Fixed+" or "+Poisson)
	}
	return c.Warmup.Check()
}

func bad(field string, value any, want string) error {
	return fmt.Errorf("%w: %s is %v, want %s", ErrConfig, field, value, want)
}
