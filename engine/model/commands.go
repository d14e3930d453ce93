package model

import (
	"maps"
	"slices"
)

// command is an entry of the command table.
type command struct {
	// arity counts the name; a negative one is a minimum. This is Redis's convention.
	arity int
	// run executes the command in t and appends its reply. An error takes the reply's place, and run must not
	// have written to t before it returns one.
	run func(s *Session, t *Txn, args [][]byte) error
	// own marks what Redis does not have.
	own bool
}

// commands by name in lower case.
var commands = map[string]command{
	"ping":     {arity: -1, run: ping},
	"echo":     {arity: 2, run: echo},
	"select":   {arity: 2, run: selectDB},
	"hello":    {arity: -1, run: hello},
	"quit":     {arity: -1, run: quit},
	"post":     {arity: -1, run: hangUp},
	"host:":    {arity: -1, run: hangUp},
	"get":      {arity: 2, run: get},
	"set":      {arity: -3, run: set},
	"del":      {arity: -2, run: del},
	"exists":   {arity: -2, run: exists},
	"mget":     {arity: -2, run: mget},
	"call":     {arity: -2, run: callProcedure, own: true},
	"mset":     {arity: -3, run: mset},
	"append":   {arity: 3, run: appendTo},
	"strlen":   {arity: 2, run: strlen},
	"incr":     {arity: 2, run: incr},
	"decr":     {arity: 2, run: decr},
	"incrby":   {arity: 3, run: incrBy},
	"decrby":   {arity: 3, run: decrBy},
	"dbsize":   {arity: 1, run: dbsize},
	"flushall": {arity: -1, run: flushall},
	"begin":    {arity: -1, run: begin, own: true},
	"commit":   {arity: 1, run: commit, own: true},
	"abort":    {arity: 1, run: abort, own: true},
}

// Commands returns the names of all commands in lower case, sorted.
func Commands() []string {
	return slices.Sorted(maps.Keys(commands))
}
