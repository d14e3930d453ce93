package server

import (
	"maps"
	"slices"
	"strconv"

	"bpfdb/engine"
)

// config answers questions about the configuration, which is fixed when the server starts.
func config(c *conn, args [][]byte, r *reply) error {
	switch sub := option(args[1]); {
	case sub == "get" && len(args) > 2:
		c.configGet(args[2:], r)
	case sub == "set" && len(args) > 3, sub == "resetstat" && len(args) == 2, sub == "rewrite" && len(args) == 2:
		r.failure("ERR CONFIG " + sub + " is not available: options are given to bpfdb serve")
	case sub == "get", sub == "set", sub == "resetstat", sub == "rewrite":
		r.wrongArity("config|" + sub)
	default:
		r.unknownSubcommand("config", args[1])
	}
	return nil
}

func (c *conn) configGet(patterns [][]byte, r *reply) {
	s := c.loop.server
	durability := s.db.Options().Durability
	parameters := map[string]string{
		"appendfsync":        map[bool]string{true: "always", false: "everysec"}[durability == engine.DurabilitySync],
		"appendonly":         map[bool]string{true: "yes", false: "no"}[durability != engine.DurabilityNone],
		"databases":          "1",
		"dir":                s.db.Options().Dir,
		"maxclients":         strconv.Itoa(s.options.MaxConnections),
		"maxmemory":          strconv.FormatInt(s.db.Stats().MemoryLimit, 10),
		"maxmemory-policy":   "noeviction",
		"port":               strconv.Itoa(int(s.addr.Port())),
		"proto-max-bulk-len": strconv.Itoa(engine.MaxRequest),
		"save":               "",
		"timeout":            "0",
	}
	var found []string
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		if slices.ContainsFunc(patterns, func(p []byte) bool { return matches(option(p), name) }) {
			found = append(found, name)
		}
	}
	r.pairs(len(found))
	for _, name := range found {
		r.bulk(name)
		r.bulk(parameters[name])
	}
}
