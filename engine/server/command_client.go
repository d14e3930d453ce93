package server

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// clientCommand answers the subcommands that client libraries send on their own.
func clientCommand(c *conn, args [][]byte, r *reply) error {
	sub := option(args[1])
	arity, ok := map[string]int{
		"id": 2, "info": 2, "getname": 2, "setname": 3, "setinfo": 4, "list": -2, "no-evict": 3, "no-touch": 3,
	}[sub]
	switch {
	case !ok:
		r.unknownSubcommand("client", args[1])
		return nil
	case arity > 0 && len(args) != arity:
		r.wrongArity("client|" + sub)
		return nil
	}
	switch sub {
	case "id":
		r.number(int64(c.id))
	case "info":
		r.verbatim(c.describe())
	case "getname":
		if c.name == "" {
			r.null()
		} else {
			r.bulk(c.name)
		}
	case "setname":
		if !validName(args[2]) {
			r.invalidName()
			return nil
		}
		c.name = string(args[2])
		r.status("OK")
	case "setinfo":
		c.setInfo(args[2], args[3], r)
	case "list":
		c.listClients(args[2:], r)
	default:
		if state := option(args[2]); state != "on" && state != "off" {
			r.syntaxError()
		} else {
			r.status("OK") // there is neither eviction nor a clock of last use to exempt it from
		}
	}
	return nil
}

// setInfo is Redis 7.2's; libraries send it before they know the version.
func (c *conn) setInfo(attribute, value []byte, r *reply) {
	if !validName(value) {
		r.failure("ERR " + option(attribute) + " cannot contain spaces, newlines or special characters.")
		return
	}
	switch option(attribute) {
	case "lib-name":
		c.library = string(value)
	case "lib-ver":
		c.version = string(value)
	default:
		r.failure("ERR Unrecognized option '" + cString(attribute) + "'")
		return
	}
	r.status("OK")
}

// listClients shows the connections as they were when their loop last ran a command of user space: the
// others belong to other threads.
func (c *conn) listClients(options [][]byte, r *reply) {
	if len(options) > 0 {
		r.syntaxError()
		return
	}
	s := c.loop.server
	s.table.Lock()
	open := slices.Collect(maps.Values(s.table.conns))
	s.table.Unlock()
	slices.SortFunc(open, func(a, b *conn) int { return int(a.id) - int(b.id) })
	var text strings.Builder
	for _, other := range open {
		if other == c {
			text.WriteString(c.describe())
		} else {
			fmt.Fprintf(&text, "id=%d addr=%s laddr=%s fd=%d age=%d db=0 user=default\n",
				other.id, other.remote, s.addr, other.fd, other.age())
		}
	}
	r.verbatim(text.String())
}

func (c *conn) age() int64 { return int64(time.Since(c.created) / time.Second) }

func (c *conn) describe() string {
	return fmt.Sprintf("id=%d addr=%s laddr=%s fd=%d name=%s age=%d db=0 user=default resp=%d lib-name=%s lib-ver=%s\n",
		c.id, c.remote, c.loop.server.addr, c.fd, c.name, c.age(), c.protocol, c.library, c.version)
}
