package server

import (
	"maps"
	"path"
	"slices"
)

// kernelCommands are those of the kernel's table, with their arity and the positions of the first and last key
// and the step between keys (zero: no keys). MGET is in both tables: large replies are user space's.
var kernelCommands = map[string]struct{ arity, first, last, step int }{
	"abort": {1, 0, 0, 0}, "append": {3, 1, 1, 1}, "begin": {-1, 0, 0, 0}, "call": {-2, 0, 0, 0},
	"commit": {1, 0, 0, 0},
	"dbsize": {1, 0, 0, 0}, "decr": {2, 1, 1, 1}, "decrby": {3, 1, 1, 1}, "del": {-2, 1, -1, 1},
	"discard": {1, 0, 0, 0}, "exec": {1, 0, 0, 0}, "exists": {-2, 1, -1, 1}, "get": {2, 1, 1, 1},
	"incr": {2, 1, 1, 1}, "incrby": {3, 1, 1, 1}, "mget": {-2, 1, -1, 1}, "mset": {-3, 1, -1, 2},
	"multi": {1, 0, 0, 0}, "select": {2, 0, 0, 0}, "set": {-3, 1, 1, 1}, "strlen": {2, 1, 1, 1},
	"unwatch": {1, 0, 0, 0}, "watch": {-2, 1, -1, 1},
}

func readOnly(name string) bool {
	return slices.Contains([]string{"get", "mget", "exists", "strlen", "dbsize"}, name)
}

// commandNames are all commands a client may send, sorted.
func commandNames() []string {
	names := slices.AppendSeq(slices.Collect(maps.Keys(kernelCommands)), maps.Keys(commands))
	names = slices.DeleteFunc(names, func(name string) bool { return name == "post" || name == "host:" })
	slices.Sort(names)
	return slices.Compact(names)
}

// commandInfo describes the commands to client libraries.
func commandInfo(_ *conn, args [][]byte, r *reply) error {
	if len(args) == 1 {
		describeAll(commandNames(), r)
		return nil
	}
	switch sub := option(args[1]); sub {
	case "count":
		if len(args) != 2 {
			r.wrongArity("command|count")
			return nil
		}
		r.number(int64(len(commandNames())))
	case "info":
		if len(args) == 2 {
			describeAll(commandNames(), r)
		} else {
			describeAll(words(args[2:]), r)
		}
	case "docs":
		documentAll(words(args[2:]), r)
	case "list":
		listCommands(args[2:], r)
	default:
		r.unknownSubcommand("command", args[1])
	}
	return nil
}

func words(args [][]byte) []string {
	names := make([]string, len(args))
	for i, arg := range args {
		names[i] = lower(string(arg))
	}
	return names
}

func describeAll(names []string, r *reply) {
	r.array(len(names))
	for _, name := range names {
		describe(name, r)
	}
}

// describe writes the first six fields of Redis's description and leaves the others empty.
func describe(name string, r *reply) {
	entry, ok := kernelCommands[name]
	if !ok {
		cmd, known := commands[name]
		if !known {
			r.null()
			return
		}
		entry.arity = cmd.arity
	}
	flags := []string{"fast"}
	switch {
	case readOnly(name):
		flags = append(flags, "readonly")
	case entry.step > 0 && name != "watch" || name == "flushall" || name == "call":
		flags = append(flags, "write")
	}
	r.array(10)
	r.bulk(name)
	r.number(int64(entry.arity))
	r.set(len(flags))
	for _, flag := range flags {
		r.status(flag)
	}
	for _, n := range []int{entry.first, entry.last, entry.step} {
		r.number(int64(n))
	}
	r.set(0)
	for range 3 {
		r.array(0)
	}
}

// documentAll answers with the one fact of each command that we can vouch for; redis-cli needs no more.
func documentAll(names []string, r *reply) {
	if len(names) == 0 {
		names = commandNames()
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !slices.Contains(commandNames(), name) })
	r.pairs(len(names))
	for _, name := range names {
		group := "string"
		if kernelCommands[name].step == 0 {
			group = "server"
		}
		r.bulk(name)
		r.pairs(1)
		r.bulk("group")
		r.bulk(group)
	}
}

func listCommands(args [][]byte, r *reply) {
	names := commandNames()
	switch {
	case len(args) == 0:
	case len(args) == 3 && option(args[0]) == "filterby" && option(args[1]) == "pattern":
		names = slices.DeleteFunc(names, func(name string) bool { return !matches(lower(string(args[2])), name) })
	default:
		r.syntaxError()
		return
	}
	r.array(len(names))
	for _, name := range names {
		r.bulk(name)
	}
}

// matches reports whether name fits the glob pattern; a malformed pattern fits nothing.
func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}
