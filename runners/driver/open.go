package driver

// flight is one operation of an open loop on its way. A read-modify-write stays in flight
// from its read to the reply to its write.
type flight struct {
	command
	due, first, sent int64 // see times
}

// flights is a ring of the operations in flight on a connection, oldest command first.
type flights struct {
	ring        []flight
	head, count int
}

func newFlights(capacity int) flights { return flights{ring: make([]flight, capacity)} }

func (f *flights) full() bool { return f.count == len(f.ring) }

func (f *flights) oldest() *flight { return &f.ring[f.head] }

func (f *flights) push(one flight) {
	f.ring[(f.head+f.count)%len(f.ring)] = one
	f.count++
}

func (f *flights) pop() flight {
	one := f.ring[f.head]
	f.head = (f.head + 1) % len(f.ring)
	f.count--
	return one
}

// sendDue sends the operations of the connection that are due, as far as there is room, and
// notes when to look at it again: at the next due time, or when a reply has made room.
func (t *thread) sendDue(c *conn) error {
	now := t.clock()
	work := c.work
	if t.phase.over.Load() {
		work.left = 0 // here and nowhere below: a connection that is retired must not send
	}
	for work.left > 0 && !work.due.ended() && !c.flying.full() && work.due.dueNS <= now {
		t.rec.sentLate(work.due.dueNS, c.roomNS, now)
		if c.session != nil {
			t.beginTransaction(c, work.due.dueNS)
		} else {
			op := work.ops.Next()
			work.left--
			t.queueFlight(c, flight{
				command: command{op: op, slot: firstSlot[op.Kind]}, due: work.due.dueNS, first: now, sent: now,
			})
		}
		work.due.advance()
	}
	ended := work.left == 0 || work.due.ended()
	switch {
	case ended && c.flying.count == 0:
		t.retire(c)
	case !ended && !c.flying.full() && !c.waiting:
		c.waiting = true
		t.next.push(work.due.dueNS, c)
	}
	return t.flushQueued(c)
}

// retire counts a connection as done, once.
func (t *thread) retire(c *conn) {
	if !c.retired {
		c.retired = true
		t.busy--
	}
}

func (t *thread) queueFlight(c *conn, f flight) {
	c.output = t.enc.append(c.output, f.op, f.slot)
	c.flying.push(f)
}

// flushQueued sends what is queued and makes room for more.
func (t *thread) flushQueued(c *conn) error {
	if len(c.output) == 0 || c.blocked {
		return nil // a blocked socket is flushed when epoll says so
	}
	if err := t.flush(c); err != nil {
		return err
	}
	if c.flushed == len(c.output) {
		c.output, c.flushed = c.output[:0], 0
	}
	return nil
}

// takeFlight accounts for the reply to the oldest command in flight.
func (t *thread) takeFlight(c *conn, r reply) {
	if c.flying.full() {
		c.roomNS = t.now
	}
	f := c.flying.pop()
	ok := t.accept(f.command, r)
	if t.rec.answered(f.command, ok, times{due: f.due, first: f.first, sent: f.sent, done: t.now}) {
		f.slot, f.sent = slotRMWUpdate, t.now
		t.queueFlight(c, f)
	}
}

// startOpen begins an open loop on all connections that have work.
func (t *thread) startOpen() error {
	t.next.clear()
	for _, c := range t.conns {
		c.roomNS, c.waiting, c.retired = 0, false, false
		t.busy++
		if err := t.sendDue(c); err != nil {
			return err
		}
	}
	return nil
}

// wake does what is due by now. In an open loop that is sending; in a closed one, a
// connection joining the ramp.
func (t *thread) wake() error {
	for now := t.clock(); t.next.len() > 0 && t.next.firstNS() <= now; {
		c := t.next.pop()
		c.waiting = false
		if c.work.due == nil {
			if err := t.sendBatch(c); err != nil {
				return err
			}
			continue
		}
		if err := t.sendDue(c); err != nil {
			return err
		}
	}
	return nil
}

// dismiss gives up what is not sent yet when the phase is over: what is in flight is still
// awaited.
func (t *thread) dismiss() {
	for t.next.len() > 0 {
		c := t.next.pop()
		c.waiting = false
		c.work.left = 0
		if c.flying.count == 0 {
			t.retire(c)
		}
	}
}
