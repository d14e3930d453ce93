package model

import (
	"errors"
	"fmt"
	"strconv"
)

// procedure is an entry of the table of stored procedures. Like a command, run must not have written to the
// transaction before it returns an error.
type procedure struct {
	arguments int
	run       func(c *procedureCall) error
}

// procedures by name, case and all.
var procedures = map[string]procedure{
	"vote":                   {4, vote},
	"balance":                {1, bankBalance},
	"deposit_checking":       {2, depositChecking},
	"transact_savings":       {2, transactSavings},
	"write_check":            {2, writeCheck},
	"amalgamate":             {2, amalgamate},
	"send_payment":           {3, sendPayment},
	"get_subscriber_data":    {1, getSubscriberData},
	"get_access_data":        {2, getAccessData},
	"get_new_destination":    {4, getNewDestination},
	"update_location":        {2, updateLocation},
	"update_subscriber_data": {4, updateSubscriberData},
	"insert_call_forwarding": {5, insertCallForwarding},
	"delete_call_forwarding": {3, deleteCallForwarding},
	"transfer":               {2, transfer},
	"read_modify_write":      {2, readModifyWrite},
}

// procedureCall is one call: its transaction, its arguments, its reply.
type procedureCall struct {
	t     *Txn
	reply *reply
	args  []string
}

// aborted is a procedure's decision to do nothing.
func aborted(reason string) error { return codedError("ABORT " + reason) }

// errMalformed is met where a client has overwritten a procedure's data with something else.
var errMalformed = aborted("a stored value is not of the form it must have")

// callProcedure is CALL name argument...
func callProcedure(s *Session, t *Txn, args [][]byte) error {
	name := string(args[1])
	p, ok := procedures[name]
	switch {
	case !ok:
		return errors.New("unknown procedure '" + oneLine(prefix(cString(args[1]), 64)) + "'")
	case len(args)-2 != p.arguments:
		return fmt.Errorf("wrong number of arguments for procedure '%s'", name)
	}
	c := &procedureCall{t: t, reply: &s.reply}
	for _, arg := range args[2:] {
		c.args = append(c.args, string(arg))
	}
	return p.run(c)
}

// get reads a key.
func (c *procedureCall) get(key string) (value string, found bool, err error) {
	text, found, err := c.t.Get([]byte(key))
	return string(text), found, err
}

// number reads a key that holds an integer, 0 if it is missing.
func (c *procedureCall) number(key string) (n int64, found bool, err error) {
	text, found, err := c.get(key)
	if err != nil || !found {
		return 0, false, err
	}
	n, ok := parseInt([]byte(text))
	if !ok {
		return 0, true, errMalformed
	}
	return n, true, nil
}

// keyValue is a key and what to write there.
type keyValue struct{ key, value string }

// finish writes and replies.
func (c *procedureCall) finish(result int64, writes ...keyValue) error {
	for _, w := range writes {
		if err := c.t.Set([]byte(w.key), []byte(w.value)); err != nil {
			return err
		}
	}
	c.reply.integer(result)
	return nil
}

func numberAt(key string, n int64) keyValue { return keyValue{key, strconv.FormatInt(n, 10)} }

// digits checks that an argument has min to max decimal digits and nothing else.
func (c *procedureCall) digits(i, min, max int, what string) error {
	if !isDigits(c.args[i], min, max) {
		count := strconv.Itoa(max)
		if min < max {
			count = fmt.Sprintf("%d to %d", min, max)
		}
		return fmt.Errorf("%s must be %s digits", what, count)
	}
	return nil
}

func isDigits(text string, min, max int) bool {
	for _, c := range []byte(text) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return min <= len(text) && len(text) <= max
}

// integer reads an argument.
func (c *procedureCall) integer(i int, what string) (int64, error) {
	n, ok := parseInt([]byte(c.args[i]))
	if !ok {
		return 0, fmt.Errorf("%s must be an integer", what)
	}
	return n, nil
}

// small reads an argument of at most three digits, leading zeros allowed.
func (c *procedureCall) small(i, max int, refusal string) (int, error) {
	n, err := strconv.Atoi(c.args[i])
	if err != nil || !isDigits(c.args[i], 1, 3) || n > max {
		return 0, errors.New(refusal)
	}
	return n, nil
}
