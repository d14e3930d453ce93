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
}

// commands by name in lower case.
var commands = map[string]command{
	"ping":     {-1, ping},
	"echo":     {2, echo},
	"select":   {2, selectDB},
	"hello":    {-1, hello},
	"quit":     {-1, quit},
	"post":     {-1, hangUp},
	"host:":    {-1, hangUp},
	"get":      {2, get},
	"set":      {-3, set},
	"del":      {-2, del},
	"exists":   {-2, exists},
	"mget":     {-2, mget},
	"mset":     {-3, mset},
	"append":   {3, appendTo},
	"strlen":   {2, strlen},
	"incr":     {2, incr},
	"decr":     {2, decr},
	"incrby":   {3, incrBy},
	"decrby":   {3, decrBy},
	"dbsize":   {1, dbsize},
	"flushall": {-1, flushall},
	"begin":    {1, begin},
	"commit":   {1, commit},
	"abort":    {1, abort},
}

// Commands returns the names of all commands in lower case, sorted.
func Commands() []string {
	return slices.Sorted(maps.Keys(commands))
}
