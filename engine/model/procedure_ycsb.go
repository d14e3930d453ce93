package model

import "errors"

// recordKey checks that an argument may be the key of one of YCSB's records.
func (c *procedureCall) recordKey(i int) error {
	if n := len(c.args[i]); n < 1 || n > 24 {
		return errors.New("key must be 1 to 24 bytes")
	}
	return nil
}

func transfer(c *procedureCall) error {
	if err := errors.Join(c.recordKey(0), c.recordKey(1)); err != nil {
		return errors.New("key must be 1 to 24 bytes")
	}
	if c.args[0] == c.args[1] {
		return errSameAccount
	}
	b, err := c.balances(c.args...)
	switch {
	case err != nil:
		return err
	case b[0] < 1:
		return c.finish(0)
	}
	to, err := addUp(b[1], 1)
	if err != nil {
		return err
	}
	return c.finish(1, numberAt(c.args[1], to), numberAt(c.args[0], b[0]-1))
}

func readModifyWrite(c *procedureCall) error {
	if err := c.recordKey(0); err != nil {
		return err
	}
	if len(c.args[1]) > MaxValueBytes {
		return ErrValueTooLarge
	}
	before, found, err := c.get(c.args[0])
	if err != nil {
		return err
	}
	if err := c.t.Set([]byte(c.args[0]), []byte(c.args[1])); err != nil {
		return err
	}
	c.reply.value([]byte(before), found)
	return nil
}
