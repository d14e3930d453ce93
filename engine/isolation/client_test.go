package isolation

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"golang.org/x/sys/unix"

	"bpfdb/internal/history"
)

// result is what a client knows of a transaction it ran.
type result struct {
	accesses []history.Access // those that were answered, and all appends that may have happened
	outcome  history.Outcome
	gone     bool // the client's session has ended with it
	busy     bool // refused for contention, whatever it was to do
	refusal  string
}

// runner runs transactions in one of the ways there are. An error fails the test; conflicts are none.
type runner interface {
	run(p plan) (result, error)
	close() error
}

// client runs random transactions and writes them down.
type client struct {
	name    string
	runner  runner
	planner planner
	session int
	scene   *scene
	txns    []history.Transaction
}

// newClient numbers its elements, and draws, by its number, from 1.
func newClient(name string, r runner, number int, s *scene) *client {
	return &client{
		name: name, runner: r, scene: s, session: int(s.sessions.Add(1)),
		planner: planner{
			rng:      rand.New(rand.NewPCG(s.seed, uint64(number))),
			firstKey: s.firstKey, pause: s.pause, nextValue: firstValue(number),
		},
	}
}

// firstValue numbers elements so that reports show whose they are: number and count, in decimal.
func firstValue(number int) uint64 { return uint64(number) * 1_000_000 }

// one runs one transaction.
func (c *client) one() error {
	p := c.planner.next()
	t := history.Transaction{Client: c.name, Session: c.session, CallNS: monotonicNS()}
	r, err := c.runner.run(p)
	if err != nil {
		return fmt.Errorf("%s: %+v: %w", c.name, p, err)
	}
	if p.readOnly && p.ending == endCommit && r.outcome == history.Aborted && !r.busy && c.scene.pause == 0 {
		return fmt.Errorf("%s: a read-only transaction failed: %+v: %s", c.name, p, r.refusal)
	}
	t.ReturnNS, t.Accesses, t.Outcome = monotonicNS(), r.accesses, r.outcome
	c.txns = append(c.txns, t)
	c.planner.learn(r.accesses)
	c.scene.follow(r.accesses)
	if r.gone {
		c.session = int(c.scene.sessions.Add(1))
	}
	return nil
}

// monotonicNS is the clock of bpf_ktime_get_ns.
func monotonicNS() int64 {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &now)
	return now.Nano()
}

const elementBytes = 8

func number64(n uint64) []byte { return binary.LittleEndian.AppendUint64(nil, n) }

// elements reads a list as it is stored.
func elements(stored []byte) ([]uint64, error) {
	if len(stored)%elementBytes != 0 {
		return nil, fmt.Errorf("a list of %d bytes: %q", len(stored), stored)
	}
	list := make([]uint64, 0, len(stored)/elementBytes)
	for ; len(stored) > 0; stored = stored[elementBytes:] {
		list = append(list, binary.LittleEndian.Uint64(stored))
	}
	return list, nil
}
