package system

import (
	"context"
	"slices"
	"strings"
)

// observed are what a server is asked for to compare with the settings it was meant to have.
// INFO fields tell which server answers, CONFIG parameters what it was set to.
var (
	observedInfo = []string{"server_name", "redis_version", "valkey_version", "dragonfly_version",
		"keydb_version", "bpfdb_version", "os", "arch_bits", "multiplexing_api", "thread_count", "io_threads_active"}
	observedConfig = []string{"save", "appendonly", "appendfsync", "maxmemory", "maxmemory-policy",
		"io-threads", "server-threads", "proactor_threads", "tcp-backlog", "dbfilename"}
)

// Observe is what the running server says of its version and its settings, by name. What it
// does not say is left out; no two kinds of server know the same.
func (s *Server) Observe(ctx context.Context) map[string]string {
	seen := map[string]string{}
	if kind := s.fileSystem(); kind != "" {
		seen["data on"] = kind
	}
	if info, err := s.ask(ctx, "INFO"); err == nil {
		for line := range strings.Lines(info) {
			name, value, found := strings.Cut(strings.TrimSpace(line), ":")
			if found && slices.Contains(observedInfo, name) {
				seen[name] = value
			}
		}
	}
	for _, name := range observedConfig {
		answer, err := s.ask(ctx, "CONFIG", "GET", name)
		if echoed, value, found := strings.Cut(answer, "\n"); err == nil && found && echoed == name {
			seen["config "+name] = value
		}
	}
	return seen
}
