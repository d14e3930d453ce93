package tcpcheck

import "fmt"

// rules are tried on each packet of the server behind its SYN; each tells what is wrong, or nothing.
var rules = []func(c *conn, p *packet) string{
	form, segmentSize, acknowledgement, selective, stamps, window, content, ending, congestion,
}

func form(c *conn, p *packet) string {
	switch {
	case p.RST:
		return ""
	case c.reset:
		return "sent after an RST"
	case !p.ACK:
		return "acknowledges nothing"
	case p.URG || p.Urgent != 0:
		return "urgent data that nobody wrote"
	case p.SYN && p.FIN:
		return "SYN and FIN at once"
	}
	return ""
}

func segmentSize(c *conn, p *packet) string {
	if n := len(p.Payload) + 4*int(p.DataOffset) - 20; len(p.Payload) > 0 && n > c.mss {
		return fmt.Sprintf("segment of %d bytes, options included, the client takes %d", n, c.mss)
	}
	return ""
}

func acknowledgement(c *conn, p *packet) string {
	if ack := position(p.Ack, c.clientFirst, c.client.next); p.ACK && ack > c.client.next {
		return fmt.Sprintf("acknowledges byte %d of the client, of which %d arrived", ack, c.client.next)
	}
	return ""
}

func selective(c *conn, p *packet) string {
	for _, block := range p.sack {
		from := position(block[0], c.clientFirst, c.client.next)
		to := position(block[1], c.clientFirst, c.client.next)
		if from >= to || !c.client.has(from, to) {
			return fmt.Sprintf("SACK block from %d to %d did not arrive", from, to)
		}
	}
	return ""
}

// overtaken is how many ticks a timestamp may go back: packets of two processors overtake each other between the
// server and the link.
const overtaken = 10

func stamps(c *conn, p *packet) string {
	switch {
	case p.RST:
		return ""
	case p.timestamps != c.timestamps:
		return fmt.Sprintf("timestamps are %v, in the handshake they were %v", p.timestamps, c.timestamps)
	case !p.timestamps:
		return ""
	case int32(p.tsval-c.stampSent) < 0 && position(p.Seq, c.serverFirst, c.server.next) >= c.stampAt &&
		c.stampSent-p.tsval > overtaken:
		return fmt.Sprintf("timestamp %d after %d", p.tsval, c.stampSent)
	case int32(p.tsecr-c.stampFirst) < 0 || int32(p.tsecr-c.stampLast) > 0:
		return fmt.Sprintf("echoes timestamp %d, the client sent %d to %d", p.tsecr, c.stampFirst, c.stampLast)
	}
	return ""
}

func window(c *conn, p *packet) string {
	from := position(p.Seq, c.serverFirst, c.server.next)
	if end := from + int64(len(p.Payload)); len(p.Payload) > 0 && end > c.edge {
		return fmt.Sprintf("byte %d of the server, the client's window ends at %d", end, c.edge)
	}
	return ""
}

// content is the rule that also notes what was sent.
func content(c *conn, p *packet) string {
	from := position(p.Seq, c.serverFirst, c.server.next)
	if len(p.Payload) > 0 && !c.server.add(from, p.Payload) {
		return fmt.Sprintf("other bytes than before at %d, or too much behind a gap", from)
	}
	return ""
}

// gaps tells what the server never sent.
func gaps(c *conn) string {
	if c.server.next > c.server.end() && c.server.fin != c.server.end() && !c.reset {
		return fmt.Sprintf("bytes %d to %d were never sent", c.server.end(), c.server.next)
	}
	return ""
}

func ending(c *conn, p *packet) string {
	end := position(p.Seq, c.serverFirst, c.server.next) + int64(len(p.Payload))
	if c.server.fin >= 0 && (len(p.Payload) > 0 && end > c.server.fin || p.FIN && end != c.server.fin) {
		return fmt.Sprintf("byte %d behind the FIN at %d", end, c.server.fin)
	}
	return ""
}

// congestion: who acknowledges a marked segment says so, until the client has heard (RFC 3168, 6.1.3).
func congestion(c *conn, p *packet) string {
	switch {
	case p.ecn != ecnNone && !c.ecn:
		return "can be marked, but the client knows no marks"
	case c.owed && !p.ECE && !p.RST && position(p.Ack, c.clientFirst, c.client.next) >= c.marked:
		return fmt.Sprintf("does not tell that byte %d came with a mark", c.marked-1)
	}
	return ""
}
