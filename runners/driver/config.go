package driver

import (
	"fmt"
	"time"
)

// Limits of a Config.
const (
	MaxConnections = 4096
	MaxPipeline    = 4096
	MaxThreads     = 256
)

const defaultTimeout = 10 * time.Second

// withDefaults fills the fields whose zero value stands for a default.
func (c Config) withDefaults() Config {
	if c.Network == "" {
		c.Network = "tcp"
	}
	if c.Protocol == 0 {
		c.Protocol = 3
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
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
	if err := c.Workload.Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	c = c.withDefaults()
	switch {
	case c.Network != "tcp" && c.Network != "unix":
		return bad("network", c.Network, "tcp or unix")
	case c.Addr == "":
		return bad("address", `""`, "host:port or a socket path")
	case c.Driver != Raw && c.Driver != GoRedis:
		return bad("driver", fmt.Sprintf("%q", c.Driver), Raw+" or "+GoRedis)
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
	}
	return nil
}

func bad(field string, value any, want string) error {
	return fmt.Errorf("%w: %s is %v, want %s", ErrConfig, field, value, want)
}
