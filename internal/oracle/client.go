package oracle

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// ErrAnomaly is what the server must not do.
var ErrAnomaly = errors.New("anomaly")

// client is one of a fleet.
type client struct {
	fleet  *Fleet
	author author
	past   past
	known  state // after all steps that were acknowledged
	sum    Figures
}

func newClient(f *Fleet, n int, seed uint64) *client {
	return &client{
		fleet: f, known: state{}, past: past{base: state{}},
		author: author{Rand: rand.New(rand.NewPCG(seed, uint64(n))), name: fmt.Sprintf("c%d", n), now: state{}},
	}
}

// run works until the connection fails, as it does when the server is killed and when stop is closed.
func (c *client) run(addr string, stop <-chan struct{}) error {
	conn, err := Dial(addr)
	if err != nil {
		return nil
	}
	defer conn.Close()
	ended := make(chan struct{})
	defer close(ended)
	go func() { // ends with run; a server that was killed may leave a client without an answer
		select {
		case <-stop:
			conn.Close()
		case <-ended:
		}
	}()
	for {
		if c.fleet.flushes && c.author.IntN(3000) == 0 {
			err = c.fleet.flush(conn)
		} else {
			c.fleet.working.RLock()
			if err = errUnsure; !c.fleet.unsure {
				err = c.some(conn)
			}
			c.fleet.working.RUnlock()
		}
		if errors.Is(err, ErrAnomaly) {
			return err
		}
		if err != nil {
			return nil
		}
	}
}

// some does one thing, or several at once.
func (c *client) some(conn *Conn) error {
	c.author.now = maps.Clone(c.known)
	batch := []work{c.author.next()}
	if c.author.IntN(5) == 0 {
		batch = batch[:0]
		for range 2 + c.author.IntN(6) {
			makes := []func() ([]string, []change){c.author.set, c.author.del, c.author.mset}
			batch = append(batch, c.author.one(makes[c.author.IntN(len(makes))]()))
		}
	}
	return c.do(conn, batch)
}

func (c *client) do(conn *Conn, batch []work) error {
	if batch[0].apart {
		reply, err := conn.Do(batch[0].requests[0]...)
		if err != nil || reply.Failed() {
			return err
		}
		batch[0].requests = batch[0].requests[1:]
	}
	first := len(c.past.steps)
	var requests [][]string
	for _, w := range batch {
		requests = append(requests, w.requests...)
		if len(w.changes) > 0 {
			c.past.steps = append(c.past.steps, step{what: w.what(), changes: w.changes})
		}
	}
	if err := conn.Send(requests...); err != nil {
		return err
	}
	for _, w := range batch {
		last, err := c.receive(conn, w)
		if err != nil {
			return err
		}
		c.sum.Replies++
		refused := last.Failed() || last.Kind == '*' && last.Null
		switch {
		case len(w.changes) == 0:
			if err := c.checkRead(w, last, refused); err != nil {
				return err
			}
		case refused:
			if c.sum.refused(last.Text); !c.fleet.mayRefuse(last.Text) {
				return fmt.Errorf("%w: %s answered %s", ErrAnomaly, w.what(), last.Text)
			}
			c.past.steps = append(c.past.steps[:first], c.past.steps[first+1:]...)
		default:
			if err := w.checkCount(last); err != nil {
				return err
			}
			now := time.Now()
			c.past.steps[first].acked = now
			c.fleet.last.Store(now.UnixNano())
			c.known.apply(w.changes)
			first++
		}
	}
	return nil
}

// receive receives the replies to a work's requests; the last one counts.
func (c *client) receive(conn *Conn, w work) (last Reply, err error) {
	for range w.requests {
		if last, err = conn.Receive(); err != nil {
			return last, err
		}
	}
	return last, nil
}

// checkCount checks the answers of INCR and APPEND, which tell what was there.
func (w work) checkCount(reply Reply) error {
	if len(w.requests) != 1 || reply.Kind != ':' || len(w.changes) != 1 || w.changes[0].value == nil {
		return nil
	}
	want := *w.changes[0].value
	if w.requests[0][0] == "APPEND" {
		want = strconv.Itoa(len(want))
	}
	if reply.Text != want {
		return fmt.Errorf("%w: %s answered %s, want %s", ErrAnomaly, w.what(), reply.Text, want)
	}
	return nil
}

// checkRead checks what a request that changes nothing of the client's own has answered.
func (c *client) checkRead(w work, reply Reply, refused bool) error {
	switch {
	case refused:
		c.sum.refused(reply.Text)
		if !w.shared && w.reads != "" || !strings.HasPrefix(reply.Text, "ABORT") && !c.fleet.mayRefuse(reply.Text) {
			return fmt.Errorf("%w: %s answered %s", ErrAnomaly, w.what(), reply.Text)
		}
	case w.reads != "":
		found := state{}
		if !reply.Null {
			found[w.reads] = reply.Text
		}
		if got, want := show(found, w.reads), show(c.known, w.reads); got != want {
			return fmt.Errorf("%w: GET %s answered %s, want %s", ErrAnomaly, w.reads, got, want)
		}
	case reply.Kind == '*':
		return checkSum(reply.List, c.fleet.rich)
	}
	return nil
}

// verify compares what there is after a restart with what may be.
func (c *client) verify(conn *Conn, lastingUntil time.Time) error {
	keys := c.author.keys()
	reply, err := conn.Do(append([]string{"MGET"}, keys...)...)
	if err != nil {
		return err
	}
	found := state{}
	for i, value := range reply.List {
		if !value.Null {
			found[keys[i]] = value.Text
		}
	}
	steps, lost, err := c.past.match(found, c.past.lasting(lastingUntil))
	c.sum.Steps += steps
	c.sum.Lost += lost
	c.known = maps.Clone(found)
	if err != nil {
		return fmt.Errorf("%w: the keys of client %s are %w", ErrAnomaly, c.author.name, err)
	}
	return nil
}
