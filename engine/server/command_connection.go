package server

import "strconv"

// redisVersion is the Redis whose behaviour clients may expect.
const redisVersion = "7.0.15"

// ping and echo come here only with an argument too large for one reply of the kernel.

func ping(_ *conn, args [][]byte, r *reply) error {
	switch len(args) {
	case 1:
		r.status("PONG")
	case 2:
		r.bulk(string(args[1]))
	default:
		r.wrongArity("ping")
	}
	return nil
}

func echo(_ *conn, args [][]byte, r *reply) error {
	r.bulk(string(args[1]))
	return nil
}

func quit(c *conn, _ [][]byte, r *reply) error {
	r.status("OK")
	c.closing = true
	return nil
}

// hangUp answers what a browser tricked into talking to us would send: not at all.
func hangUp(c *conn, _ [][]byte, _ *reply) error {
	c.closing = true
	return nil
}

// parseInt reads a 64-bit integer in the only form Redis takes: no plus, no blank, no leading zero.
func parseInt(text []byte) (n int64, ok bool) {
	n, err := strconv.ParseInt(string(text), 10, 64)
	return n, err == nil && strconv.FormatInt(n, 10) == string(text)
}

// auth answers as a Redis whose default user has no password.
func auth(_ *conn, args [][]byte, r *reply) error {
	switch {
	case len(args) > 3:
		r.syntaxError()
	case len(args) == 2:
		r.failure("ERR AUTH <password> called without any password configured for the default user. " +
			"Are you sure your configuration is correct?")
	case string(args[1]) != "default":
		r.failure("WRONGPASS invalid username-password pair or user is disabled.")
	default:
		r.status("OK")
	}
	return nil
}
