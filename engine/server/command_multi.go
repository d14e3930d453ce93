package server

import "errors"

// execAlone answers an EXEC whose queued requests had no room behind the input that follows it: alone in the
// area they have.
func execAlone(c *conn, _ [][]byte, r *reply) error {
	return c.aside(func() error {
		answer, err := c.call([]byte("EXEC"))
		if errors.Is(err, errConflict) {
			r.failure("BUSY too much contention on a key, try again")
			_, err = c.call([]byte("DISCARD"))
			return err
		}
		r.out = answer
		return err
	})
}
