package server

import (
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// infoSections in the order Redis writes them; `# bpfdb` holds every counter of the kernel programs.
var infoSections = []struct {
	name  string
	write func(s *Server, b *strings.Builder)
}{
	{"Server", infoServer},
	{"Clients", infoClients},
	{"Memory", infoMemory},
	{"Persistence", infoPersistence},
	{"Stats", infoStats},
	{"Transactions", infoTransactions},
	{"Keyspace", infoKeyspace},
	{"bpfdb", infoCounters},
}

func info(c *conn, args [][]byte, r *reply) error {
	wanted := words(args[1:])
	every := len(wanted) == 0 || slices.ContainsFunc(wanted, func(w string) bool {
		return w == "all" || w == "default" || w == "everything"
	})
	var text strings.Builder
	for _, section := range infoSections {
		if !every && !slices.Contains(wanted, strings.ToLower(section.name)) {
			continue
		}
		if text.Len() > 0 {
			text.WriteString("\r\n")
		}
		text.WriteString("# " + section.name + "\r\n")
		section.write(c.loop.server, &text)
	}
	r.verbatim(text.String())
	return nil
}

func field(b *strings.Builder, name string, value any) { fmt.Fprintf(b, "%s:%v\r\n", name, value) }

func infoServer(s *Server, b *strings.Builder) {
	uptime := time.Since(s.started)
	field(b, "redis_version", redisVersion)
	field(b, "redis_mode", "standalone")
	field(b, "server_name", "bpfdb")
	field(b, "bpfdb_path", s.path)
	field(b, "os", runtime.GOOS+" "+runtime.GOARCH)
	field(b, "arch_bits", 64)
	field(b, "process_id", os.Getpid())
	field(b, "tcp_port", s.addr.Port())
	field(b, "uptime_in_seconds", int64(uptime/time.Second))
	field(b, "uptime_in_days", int64(uptime/(24*time.Hour)))
}

func infoClients(s *Server, b *strings.Builder) {
	s.table.Lock()
	open := len(s.table.conns)
	s.table.Unlock()
	field(b, "connected_clients", open)
	field(b, "maxclients", s.options.MaxConnections)
	field(b, "held_bytes", s.held.Load())
	field(b, "stalled_clients", s.stalled.Load())
}

func infoMemory(s *Server, b *strings.Builder) {
	stats := s.db.Stats()
	field(b, "used_memory", stats.Used+stats.Index)
	field(b, "used_memory_rss", stats.Reserved)
	field(b, "used_memory_dataset", stats.Used)
	field(b, "maxmemory", stats.MemoryLimit)
	field(b, "maxmemory_policy", "noeviction")
}

func infoStats(s *Server, b *strings.Builder) {
	counters := s.db.Stats().Counters
	field(b, "total_commands_processed", counters["commands"]+counters["user_commands"])
	field(b, "keyspace_hits", counters["get_hits"])
	field(b, "keyspace_misses", counters["get_misses"])
}

func infoTransactions(s *Server, b *strings.Builder) {
	stats := s.db.Stats()
	field(b, "open_transactions", stats.Txns)
	field(b, "open_snapshots", stats.Snapshots)
	field(b, "kept_versions", stats.Versions)
	field(b, "transaction_timeout_ms", s.db.Options().TxnTimeout.Milliseconds())
}

func infoKeyspace(s *Server, b *strings.Builder) {
	if keys := s.db.Stats().Keys; keys > 0 {
		field(b, "db0", fmt.Sprintf("keys=%d,expires=0,avg_ttl=0", keys))
	}
}

func infoCounters(s *Server, b *strings.Builder) {
	counters := s.db.Stats().Counters
	for _, name := range slices.Sorted(maps.Keys(counters)) {
		field(b, name, counters[name])
	}
}
