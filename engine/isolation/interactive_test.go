package isolation

import (
	"time"

	"bpfdb/internal/history"
)

// interactive runs transactions as BEGIN ... COMMIT on a connection, each command on its own or all at once.
type interactive struct{ resp }

func (c *interactive) run(p plan) (result, error) {
	if p.single {
		r, err := c.ask(request(p.accesses[0]))
		if err != nil {
			return result{}, err
		}
		a, err := answered(p.accesses[0], r)
		return result{accesses: []history.Access{a}}, err
	}
	if p.batch {
		return c.batch(p)
	}
	if r, err := c.ask(begin(p)); err != nil || r.text != "OK" {
		return result{}, failed(err, r, "BEGIN")
	}
	res := result{outcome: history.Aborted}
	for _, a := range p.accesses {
		r, err := c.ask(request(a))
		if err == nil && r.refused() {
			res.refusal = r.text
			_, err = c.ask(words("ABORT"))
			return res, err
		}
		if err == nil {
			a, err = answered(a, r)
		}
		if err != nil {
			return res, err
		}
		res.accesses = append(res.accesses, a)
	}
	time.Sleep(p.pause)
	return c.end(p, res)
}

func begin(p plan) command {
	if p.readOnly {
		return words("BEGIN READONLY")
	}
	return words("BEGIN")
}

func failed(err error, r reply, to string) error {
	if err != nil {
		return err
	}
	return r.unexpected(to)
}

func (c *interactive) end(p plan, res result) (result, error) {
	switch p.ending {
	case endVanish:
		res.gone = true
		return res, c.cut()
	case endUncertain:
		if err := c.send(words("COMMIT")); err != nil {
			return res, err
		}
		res.gone, res.outcome = true, history.Indeterminate
		return res, c.cut()
	case endAbort:
		r, err := c.ask(words("ABORT"))
		if err != nil || r.text != "OK" && !r.refused() {
			return res, failed(err, r, "ABORT")
		}
		return res, nil
	}
	r, err := c.ask(words("COMMIT"))
	if err != nil || r.text != "OK" && !r.refused() {
		return res, failed(err, r, "COMMIT")
	}
	if r.text == "OK" {
		res.outcome = history.Committed
	} else {
		res.refusal = r.text
	}
	return res, nil
}

// batch sends all commands in one piece. Cut off with COMMIT under way, it learns nothing of what it read.
func (c *interactive) batch(p plan) (result, error) {
	commands := []command{begin(p)}
	for _, a := range p.accesses {
		commands = append(commands, request(a))
	}
	last := "COMMIT"
	if p.ending == endAbort {
		last = "ABORT"
	}
	if p.ending != endVanish {
		commands = append(commands, words(last))
	}
	res := result{outcome: history.Aborted}
	if err := c.send(commands...); err != nil {
		return res, err
	}
	if p.ending == endVanish || p.ending == endUncertain {
		res.gone, res.accesses = true, appends(p.accesses)
		if p.ending == endUncertain {
			res.outcome = history.Indeterminate
		}
		return res, c.cut()
	}
	if r, err := c.receive(); err != nil || r.text != "OK" {
		return res, failed(err, r, "BEGIN")
	}
	return c.replies(p, res, last)
}

// replies takes those to the accesses of a batch and to its end.
func (c *interactive) replies(p plan, res result, last string) (result, error) {
	spoilt := false
	for _, a := range p.accesses {
		r, err := c.receive()
		if err == nil && (r.refused() || r.busy()) {
			spoilt = spoilt || r.refused() // so must the end be
			continue
		}
		if err == nil {
			a, err = answered(a, r)
		}
		if err != nil {
			return res, err
		}
		res.accesses = append(res.accesses, a)
	}
	r, err := c.receive()
	if err != nil || r.text != "OK" && !r.refused() && !spoilt {
		return res, failed(err, r, last)
	}
	if r.text == "OK" && p.ending == endCommit {
		res.outcome = history.Committed
	}
	return res, nil
}

func appends(accesses []history.Access) (only []history.Access) {
	for _, a := range accesses {
		if a.Append {
			only = append(only, a)
		}
	}
	return only
}
