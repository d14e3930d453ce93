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
	// queueable commands may stand between MULTI and EXEC, and run at EXEC; atOnce ones run when they come.
	queueable, atOnce bool
}

// commands by name in lower case.
// It is filled by init because EXEC runs them.
var commands map[string]command

func init() {
	commands = map[string]command{
		"ping":     {arity: -1, run: ping, queueable: true},
		"echo":     {arity: 2, run: echo, queueable: true},
		"select":   {arity: 2, run: selectDB, queueable: true},
		"hello":    {arity: -1, run: hello},
		"quit":     {arity: -1, run: quit, atOnce: true},
		"post":     {arity: -1, run: hangUp, atOnce: true},
		"host:":    {arity: -1, run: hangUp, atOnce: true},
		"get":      {arity: 2, run: get, queueable: true},
		"set":      {arity: -3, run: set, queueable: true},
		"del":      {arity: -2, run: del, queueable: true},
		"exists":   {arity: -2, run: exists, queueable: true},
		"mget":     {arity: -2, run: mget, queueable: true},
		"call":     {arity: -2, run: callProcedure, own: true, queueable: true},
		"mset":     {arity: -3, run: mset, queueable: true},
		"append":   {arity: 3, run: appendTo, queueable: true},
		"strlen":   {arity: 2, run: strlen, queueable: true},
		"incr":     {arity: 2, run: incr, queueable: true},
		"decr":     {arity: 2, run: decr, queueable: true},
		"incrby":   {arity: 3, run: incrBy, queueable: true},
		"decrby":   {arity: 3, run: decrBy, queueable: true},
		"dbsize":   {arity: 1, run: dbsize},
		"flushall": {arity: -1, run: flushall},
		"begin":    {arity: -1, run: begin, own: true},
		"commit":   {arity: 1, run: commit, own: true},
		"abort":    {arity: 1, run: abort, own: true},
		"multi":    {arity: 1, run: multi, atOnce: true},
		"exec":     {arity: 1, run: exec, atOnce: true},
		"discard":  {arity: 1, run: discard, atOnce: true},
		"watch":    {arity: -2, run: watchKeys, atOnce: true},
		"unwatch":  {arity: 1, run: unwatch, queueable: true},
	}
}

// Commands returns the names of all commands in lower case, sorted.
func Commands() []string {
	return slices.Sorted(maps.Keys(commands))
}
