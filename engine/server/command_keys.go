package server

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"bpfdb/engine"
)

// maxConflicts bounds how often a large MGET starts again because its keys changed while it read them.
const maxConflicts = 100

var errConflict = errors.New("the keys kept changing")

func flushAll(c *conn, args [][]byte, r *reply) error {
	if len(args) > 2 || len(args) == 2 && option(args[1]) != "sync" && option(args[1]) != "async" {
		r.syntaxError()
		return nil
	}
	if inTxn, err := c.loop.server.kernel.inTxn(c.cookie); err != nil {
		return err
	} else if inTxn {
		r.failure("ERR FLUSHALL is not allowed inside a transaction")
		return nil
	}
	lsn, err := c.loop.server.db.Flush()
	switch {
	case errors.Is(err, engine.ErrLogFailed):
		r.failure("MISCONF " + err.Error() + ", nothing may change")
	case errors.Is(err, engine.ErrLogStalled):
		r.failure(logStalled)
	case err != nil:
		return fmt.Errorf("flush: %w", err)
	default:
		c.dependIfSync(lsn)
		r.status("OK")
	}
	return nil
}

// mget answers an MGET whose reply is larger than a work area: it reads the keys one by one in a transaction,
// the connection's own if one is open.
func mget(c *conn, args [][]byte, r *reply) error {
	keys := make([][]byte, len(args)-1)
	for i, arg := range args[1:] {
		keys[i] = bytes.Clone(arg)
	}
	var values []byte
	err := c.aside(func() (err error) {
		values, err = c.readAll(keys)
		return err
	})
	if errors.Is(err, errConflict) {
		r.failure("BUSY " + err.Error() + ", try again")
		return nil
	}
	r.array(len(keys))
	r.out = append(r.out, values...)
	return err
}

// readAll returns the encoded values of the keys as of one instant.
func (c *conn) readAll(keys [][]byte) ([]byte, error) {
	inTxn, err := c.loop.server.kernel.inTxn(c.cookie)
	if err != nil {
		return nil, err
	}
	if inTxn {
		return c.readEach(keys)
	}
	for range maxConflicts {
		if reply, err := c.call([]byte("BEGIN")); err != nil || !bytes.Equal(reply, statusOK) {
			return nil, errors.Join(err, errConflict)
		}
		values, err := c.readEach(keys)
		if err != nil {
			return nil, err
		}
		if reply, err := c.call([]byte("COMMIT")); err != nil || bytes.Equal(reply, statusOK) {
			return values, err
		}
	}
	return nil, errConflict
}

var statusOK = []byte("+OK\r\n")

func (c *conn) readEach(keys [][]byte) (values []byte, err error) {
	for _, key := range keys {
		value, err := c.call([]byte("GET"), key)
		if err != nil {
			return nil, err
		}
		values = append(values, value...)
	}
	return values, nil
}

// call has the kernel execute one request of our own and returns a copy of its reply. It uses the area.
func (c *conn) call(words ...[]byte) ([]byte, error) {
	area := c.loop.area
	area.SetInput(0, copy(area.In(), encode(words)))
	for range maxBusy {
		status, err := area.Serve(c.cookie)
		c.depend(area.LSN())
		switch {
		case err != nil:
			return nil, err
		case status == engine.ServeDone:
			return bytes.Clone(area.TakeOutput()), nil
		case status == engine.ServeGrow:
			if err := c.loop.server.db.Grow(); err != nil {
				return nil, err
			}
		case status == engine.ServeLog:
			if err := c.loop.server.db.WaitLog(); errors.Is(err, engine.ErrLogStalled) {
				return nil, errConflict
			}
		case status != engine.ServeBusy:
			return nil, fmt.Errorf("%s: unexpected status %d", words[0], status)
		}
	}
	return nil, errConflict
}

// encode writes a request as an array of bulk strings.
func encode(words [][]byte) []byte {
	r := reply{out: slices.Grow([]byte(nil), 64)}
	r.array(len(words))
	for _, word := range words {
		r.bulk(string(word))
	}
	return r.out
}
