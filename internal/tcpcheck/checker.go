package tcpcheck

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
)

// maxViolations is how many violations are kept as text; all are counted.
const maxViolations = 20

// Counts of what was checked.
type Counts struct {
	Connections uint64
	Received    uint64 // packets that reached the server whole
	Damaged     uint64 // packets that reached it with a wrong checksum
	Sent        uint64 // packets of the server
	Resets      uint64 // of these with RST
	Repeated    uint64 // of these with bytes sent before
	Echoes      uint64 // of these that tell of congestion
	Violations  uint64
}

// Checker checks the connections of a server. Its methods may be called from several goroutines.
type Checker struct {
	mu struct {
		sync.Mutex
		decoder *decoder
		conns   map[netip.AddrPort]*conn // by client
		counts  Counts
		found   []error
	}
}

// New checks the server on a port.
func New(port uint16) *Checker {
	c := &Checker{}
	c.mu.decoder, c.mu.conns = newDecoder(port), map[netip.AddrPort]*conn{}
	return c
}

// Received is to be told of each Ethernet frame just before the server gets it.
func (c *Checker) Received(frame []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, err := c.mu.decoder.read(frame, false)
	if err != nil {
		if errors.Is(err, errChecksum) {
			c.mu.counts.Damaged++
		}
		return
	}
	c.mu.counts.Received++
	if known := c.mu.conns[p.client]; p.SYN && !p.ACK && (known == nil || known.clientFirst != p.Seq) {
		c.mu.counts.Connections++
		c.mu.conns[p.client] = newConn(p)
		if known != nil {
			known.before = nil
			c.mu.conns[p.client].before = known
		}
	}
	if conn := c.mu.conns[p.client]; conn != nil {
		conn.receive(p)
	}
}

// Sent is to be told of each Ethernet frame of the server, in order.
func (c *Checker) Sent(frame []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, err := c.mu.decoder.read(frame, true)
	if errors.Is(err, errChecksum) {
		c.violation(p, err.Error())
	}
	if err != nil {
		return
	}
	c.mu.counts.Sent++
	if p.RST {
		c.mu.counts.Resets++
	}
	if p.ECE && !p.SYN {
		c.mu.counts.Echoes++
	}
	conn := c.mu.conns[p.client]
	switch {
	case conn == nil: // it may be older than the checker
		if len(p.Payload) > 0 {
			c.violation(p, "no connection of the client")
		}
	case p.SYN:
		if conn.established && conn.serverFirst != p.Seq {
			c.violation(p, "another SYN")
		}
		conn.begin(p)
	case !conn.established:
		if conn.before != nil {
			c.check(conn.before, p)
		} else if !p.RST {
			c.violation(p, "comes before the SYN")
		}
	default:
		c.check(conn, p)
	}
}

func (c *Checker) check(conn *conn, p *packet) {
	for _, rule := range rules {
		if wrong := rule(conn, p); wrong != "" {
			c.violation(p, wrong)
		}
	}
	from := position(p.Seq, conn.serverFirst, conn.server.next)
	if len(p.Payload) > 0 && from < conn.server.next {
		c.mu.counts.Repeated++
	}
	if p.FIN && conn.server.fin < 0 {
		conn.server.fin = from + int64(len(p.Payload))
	}
	conn.server.next = max(conn.server.next, from+p.length())
	conn.reset = conn.reset || p.RST
	if p.timestamps && int32(p.tsval-conn.stampSent) > 0 {
		conn.stampSent, conn.stampAt = p.tsval, from
	}
}

func (c *Checker) violation(p *packet, text string) {
	c.mu.counts.Violations++
	if len(c.mu.found) < maxViolations {
		c.mu.found = append(c.mu.found, fmt.Errorf("%v: %s", p, text))
	}
}

// Clear forgets the counts and violations, not the connections.
func (c *Checker) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.counts, c.mu.found = Counts{}, nil
}

// Counts tells what was checked so far.
func (c *Checker) Counts() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mu.counts
}

// Err joins the violations, the first ones as text. What was never sent counts once the connections are at rest.
func (c *Checker) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := slices.Clone(c.mu.found)
	if more := c.mu.counts.Violations - uint64(len(found)); more > 0 {
		found = append(found, fmt.Errorf("and %d more", more))
	}
	for client, conn := range c.mu.conns {
		if missing := gaps(conn); missing != "" {
			return errors.Join(append(found, fmt.Errorf("%v: %s", client, missing))...)
		}
	}
	return errors.Join(found...)
}
