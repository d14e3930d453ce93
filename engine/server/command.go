package server

import "strings"

// command is an entry of the table of commands that user space executes.
type command struct {
	// arity counts the name; a negative one is a minimum. This is Redis's convention.
	arity int
	run   func(c *conn, args [][]byte, r *reply) error
}

// commands by name in lower case. The others are executed in the kernel, by the same parser's output.
// It is filled by init because COMMAND lists it.
var commands map[string]command

func init() {
	commands = map[string]command{
		"auth":     {-2, auth},
		"bgsave":   {-1, bgsave},
		"client":   {-2, clientCommand},
		"command":  {-1, commandInfo},
		"config":   {-2, config},
		"echo":     {2, echo},
		"exec":     {1, execAlone},
		"flushall": {-1, flushAll},
		"hello":    {-1, hello},
		"host:":    {-1, hangUp},
		"info":     {-1, info},
		"lastsave": {1, lastsave},
		"mget":     {-2, mget},
		"ping":     {-1, ping},
		"post":     {-1, hangUp},
		"quit":     {-1, quit},
		"save":     {1, save},
	}
}

// command executes the request that the kernel's parser left in the area for user space.
func (c *conn) command() error {
	area := c.loop.area
	args := area.Args()
	area.Skip()
	r := &reply{version: c.protocol}
	cmd, ok := commands[lower(string(args[0]))]
	switch {
	case !ok:
		r.unknownCommand(args)
	case cmd.arity > 0 && len(args) != cmd.arity, len(args) < -cmd.arity:
		r.wrongArity(lower(string(args[0])))
	default:
		if err := cmd.run(c, args, r); err != nil {
			return err
		}
	}
	return c.answer(r.out)
}

// refuse answers a request that MULTI cannot queue, which the kernel has noted: EXEC will fail.
func (c *conn) refuse() error {
	area := c.loop.area
	args := area.Args()
	area.Skip()
	r := &reply{version: c.protocol}
	name := lower(string(args[0]))
	arity := kernelCommands[name].arity
	if cmd, ok := commands[name]; ok {
		arity = cmd.arity
	}
	switch {
	case arity == 0:
		r.unknownCommand(args)
	case arity > 0 && len(args) != arity, len(args) < -arity:
		r.wrongArity(name)
	case name == "post", name == "host:":
		return hangUp(c, args, r)
	default:
		r.failure("ERR " + strings.ToUpper(name) + " is not allowed inside a transaction")
	}
	return c.answer(r.out)
}

// unknownCommand quotes at most 128 bytes of the name and about as many of the arguments, as Redis does.
func (r *reply) unknownCommand(args [][]byte) {
	const limit = 128
	var quoted string
	for _, arg := range args[1:] {
		if len(quoted) >= limit {
			break
		}
		quoted += "'" + cut(cString(arg), limit-len(quoted)) + "' "
	}
	name := cut(cString(args[0]), limit)
	r.failure("ERR unknown command '" + name + "', with args beginning with: " + quoted)
}
