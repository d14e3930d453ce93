package isolation

import (
	"time"

	"bpfdb/internal/history"
)

// multi runs transactions as MULTI ... EXEC on a connection, and those that are not to come in one piece with WATCH
// and the reads before MULTI, as clients do who must know what they read to know what to write.
type multi struct{ interactive }

func (c *multi) run(p plan) (result, error) {
	if p.single {
		return c.interactive.run(p)
	}
	res, queue := result{outcome: history.Aborted}, p.accesses
	if !p.batch && !p.readOnly {
		// The reads are of the same instant as the appends, if EXEC finds them unchanged: all come first.
		for _, a := range p.accesses {
			if a.Append {
				continue
			}
			r, err := c.ask(command{[]byte("WATCH"), number64(a.Key)})
			if err != nil || r.text != "OK" {
				return res, failed(err, r, "WATCH")
			}
			if r, err = c.ask(request(a)); err == nil {
				a, err = answered(a, r)
			}
			if err != nil {
				return res, err
			}
			res.accesses = append(res.accesses, a)
		}
		queue = appends(p.accesses)
		time.Sleep(p.pause)
	}
	return c.exec(p, queue, res)
}

// exec sends the queued accesses and the end in one piece.
func (c *multi) exec(p plan, queue []history.Access, res result) (result, error) {
	commands := []command{words("MULTI")}
	for _, a := range queue {
		commands = append(commands, request(a))
	}
	switch p.ending {
	case endAbort:
		commands = append(commands, words("DISCARD"))
	case endCommit, endUncertain:
		commands = append(commands, words("EXEC"))
	}
	if err := c.send(commands...); err != nil {
		return res, err
	}
	if p.ending == endVanish || p.ending == endUncertain {
		if res.gone = true; p.ending == endUncertain {
			res.outcome = history.Indeterminate
		}
		res.accesses = append(res.accesses, appends(queue)...)
		return res, c.cut()
	}
	for i := range commands[1:] {
		r, err := c.receive()
		if want := []string{"OK", "QUEUED"}[min(i, 1)]; err != nil || r.text != want {
			return res, failed(err, r, "MULTI or a queued command")
		}
	}
	r, err := c.receive()
	switch {
	case err != nil:
		return res, err
	case p.ending == endAbort && r.text == "OK", r.kind == '*' && r.null, r.busy():
		res.busy = r.busy()
		return res, nil
	case r.kind != '*' || len(r.array) != len(queue):
		return res, r.unexpected("EXEC")
	}
	res.outcome = history.Committed
	for i, a := range queue {
		a, err := answered(a, r.array[i])
		if err != nil {
			return res, err
		}
		res.accesses = append(res.accesses, a)
	}
	return res, nil
}
