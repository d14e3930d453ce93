package server

import (
	"fmt"
	"slices"
)

// Options of a server. The zero value of a field means its default.
type Options struct {
	Addr           string // host:port to listen on; port 0 picks a free one; default 127.0.0.1:6380
	Path           Path   // default PathAuto
	Loops          int    // event loops, each with an operating-system thread and a work area
	MaxConnections int    // connections open at once; more are refused as Redis refuses them
	Buffers        int    // fast paths: 66 KiB buffers for requests and replies under way

	// Interfaces are the network interfaces of the wire path; by default those that have the address.
	Interfaces []string

	// MaxHeldBytes bounds the memory for requests begun and replies that clients do not take, over all
	// connections; one that would exceed it is closed.
	MaxHeldBytes int64

	// BeforeAccept, when set, runs before each accept: tests hold connections back with it.
	BeforeAccept func()
}

// Defaults and limits of Options.
const (
	DefaultAddr           = "127.0.0.1:6380"
	DefaultMaxConnections = 10000
	DefaultBuffers        = 1024
	DefaultMaxHeldBytes   = 1 << 30
	maxConnectionsLimit   = 1 << 16
	maxLoops              = 64
)

func (o Options) withDefaults(cpus int) (Options, error) {
	if o.Addr == "" {
		o.Addr = DefaultAddr
	}
	if o.Path == "" {
		o.Path = PathAuto
	}
	if o.Loops == 0 {
		o.Loops = min(cpus, maxLoops)
	}
	if o.MaxConnections == 0 {
		o.MaxConnections = DefaultMaxConnections
	}
	if o.Buffers == 0 {
		o.Buffers = DefaultBuffers
	}
	if o.MaxHeldBytes == 0 {
		o.MaxHeldBytes = DefaultMaxHeldBytes
	}
	switch {
	case !slices.Contains(Paths(), o.Path):
		return o, fmt.Errorf("%w: %q is not one of %s", ErrPath, o.Path, PathNames())
	case o.Loops < 1 || o.Loops > maxLoops:
		return o, fmt.Errorf("%d event loops: must be 1 to %d", o.Loops, maxLoops)
	case o.MaxConnections < 1 || o.MaxConnections > maxConnectionsLimit:
		return o, fmt.Errorf("%d connections: must be 1 to %d", o.MaxConnections, maxConnectionsLimit)
	}
	return o, nil
}
