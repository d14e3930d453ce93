package tcpcheck

// conn is what is known of one connection.
type conn struct {
	clientFirst, serverFirst uint32 // sequence numbers of the SYNs
	client                   arrived
	server                   sent
	established              bool  // the server's SYN was seen
	scale                    int   // of the client's window
	mss                      int   // largest segment the client takes, options included
	acknowledged             int64 // of the server's stream, by what reached the server
	edge                     int64 // end of the client's window
	timestamps               bool
	stampFirst, stampLast    uint32 // of the client: first and newest
	stampSent                uint32 // of the server: newest, and ...
	stampAt                  int64  // ... the first segment that had it: earlier ones may be overtaken
	reset                    bool   // the server has sent an RST
	before                   *conn  // the one that had the client's port: packets of it may be under way
	ecnAsked, ecn            bool   // the client wants marks of congestion, and the server agreed
	marked                   int64  // end of the newest segment that was marked
	owed                     bool   // the client has not said that it was told
}

// defaultMSS is what a client takes that does not say (RFC 9293, 3.7.1).
const defaultMSS = 536

func newConn(syn *packet) *conn {
	c := &conn{
		clientFirst: syn.Seq,
		client:      arrived{next: 1, fin: -1}, server: sent{fin: -1, first: 1},
		scale: syn.scale, mss: defaultMSS, ecnAsked: syn.ECE && syn.CWR,
		timestamps: syn.timestamps, stampFirst: syn.tsval, stampLast: syn.tsval,
	}
	if syn.mss > 0 {
		c.mss = syn.mss
	}
	return c
}

// receive notes what the server is about to get.
func (c *conn) receive(p *packet) {
	if p.SYN || p.RST {
		return
	}
	from := position(p.Seq, c.clientFirst, c.client.next)
	to := from + int64(len(p.Payload))
	if p.FIN {
		c.client.fin = to
	}
	if p.CWR {
		c.owed = false
	}
	if c.ecn && p.ecn == ecnMet && to > c.client.next && len(p.Payload) > 0 {
		c.owed, c.marked = true, to
	}
	c.client.add(from, to+p.length()-int64(len(p.Payload)))
	if c.timestamps && p.timestamps && int32(p.tsval-c.stampLast) > 0 {
		c.stampLast = p.tsval
	}
	if !p.ACK || !c.established {
		return
	}
	ack := position(p.Ack, c.serverFirst, c.acknowledged)
	if ack > c.server.next { // of what was never sent: nothing follows from it
		return
	}
	c.acknowledged = max(c.acknowledged, ack)
	c.edge = max(c.edge, ack+int64(p.Window)<<max(c.scale, 0))
	c.server.forget(c.acknowledged)
}

// begin notes the server's SYN.
func (c *conn) begin(p *packet) {
	c.serverFirst, c.established = p.Seq, true
	c.server.next = max(c.server.next, 1)
	c.acknowledged = max(c.acknowledged, 1)
	c.timestamps = c.timestamps && p.timestamps
	if p.scale < 0 {
		c.scale = -1
	}
	c.stampSent = p.tsval
	c.ecn = c.ecnAsked && p.ECE && !p.CWR
}
