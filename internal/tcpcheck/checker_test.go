package tcpcheck

import (
	"net"
	"strings"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

const (
	clientFirst = 0xffffff00 // the stream passes through zero soon
	serverFirst = 7000
	serverPort  = 6380
)

// segment is a packet of a test; payload positions count from 1, as in a stream.
type segment struct {
	at, ack       uint32 // positions; ack 0: none
	payload       string
	flags         string
	window        uint16
	tsval, tsecr  uint32
	bare          bool // without timestamps
	sack          [][2]uint32
	damaged, six  bool
	tos           uint8
	mss, scale    int
	windowScaleIs bool
}

func (s segment) frame(fromServer bool) []byte {
	tcp := &layers.TCP{
		SrcPort: 40000, DstPort: serverPort, Seq: clientFirst + s.at, Window: s.window, ACK: s.ack > 0,
		SYN: strings.Contains(s.flags, "S"), FIN: strings.Contains(s.flags, "F"), RST: strings.Contains(s.flags, "R"),
		URG: strings.Contains(s.flags, "U"), ECE: strings.Contains(s.flags, "E"), CWR: strings.Contains(s.flags, "W"),
	}
	first := uint32(clientFirst)
	if s.ack > 0 {
		tcp.Ack = serverFirst + s.ack
	}
	if fromServer {
		tcp.SrcPort, tcp.DstPort, tcp.Seq = tcp.DstPort, tcp.SrcPort, serverFirst+s.at
		if s.ack > 0 {
			tcp.Ack = first + s.ack
		}
	}
	if !s.bare {
		data := append(append([]byte(nil), be(s.tsval)...), be(s.tsecr)...)
		tcp.Options = append(tcp.Options, layers.TCPOption{OptionType: layers.TCPOptionKindTimestamps, OptionLength: 10,
			OptionData: data})
	}
	if s.mss > 0 {
		tcp.Options = append(tcp.Options, layers.TCPOption{OptionType: layers.TCPOptionKindMSS, OptionLength: 4,
			OptionData: []byte{byte(s.mss >> 8), byte(s.mss)}})
	}
	if s.windowScaleIs {
		tcp.Options = append(tcp.Options, layers.TCPOption{OptionType: layers.TCPOptionKindWindowScale, OptionLength: 3,
			OptionData: []byte{byte(s.scale)}})
	}
	for _, block := range s.sack {
		tcp.Options = append(tcp.Options, layers.TCPOption{OptionType: layers.TCPOptionKindSACK, OptionLength: 10,
			OptionData: append(be(first+block[0]), be(first+block[1])...)})
	}
	frame := wrap(tcp, s.payload, fromServer, s.six, s.tos)
	if s.damaged {
		frame[len(frame)-1] ^= 1
	}
	return frame
}

func be(v uint32) []byte { return []byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)} }

// wrap adds the headers around a segment, with right checksums.
func wrap(tcp *layers.TCP, payload string, fromServer, six bool, tos uint8) []byte {
	client, server := net.IP{192, 0, 2, 1}, net.IP{192, 0, 2, 2}
	if six {
		client, server = net.ParseIP("2001:db8::1"), net.ParseIP("2001:db8::2")
	}
	if fromServer {
		client, server = server, client
	}
	ether := &layers.Ethernet{SrcMAC: make([]byte, 6), DstMAC: make([]byte, 6), EthernetType: layers.EthernetTypeIPv4}
	var ip gopacket.SerializableLayer
	if six {
		ether.EthernetType = layers.EthernetTypeIPv6
		ip6 := &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: layers.IPProtocolTCP, SrcIP: client, DstIP: server}
		_ = tcp.SetNetworkLayerForChecksum(ip6)
		ip = ip6
	} else {
		ip4 := &layers.IPv4{Version: 4, TOS: tos, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: client, DstIP: server}
		_ = tcp.SetNetworkLayerForChecksum(ip4)
		ip = ip4
	}
	buffer := gopacket.NewSerializeBuffer()
	options := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(buffer, options, ether, ip, tcp, gopacket.Payload(payload)); err != nil {
		panic(err)
	}
	return buffer.Bytes()
}

// begun is a checker that saw a handshake, and 400 bytes of the client at 1, of which 100 at 201 are missing.
func begun(six bool) *Checker {
	c := New(serverPort)
	received := func(s segment) { s.six = six; c.Received(s.frame(false)) }
	received(segment{flags: "S", window: 1000, tsval: 100, mss: 536, scale: 1, windowScaleIs: true})
	c.Sent(segment{
		flags: "S", ack: 1, window: 1000, tsval: 500, tsecr: 100, scale: 1, windowScaleIs: true, six: six,
	}.frame(true))
	received(segment{at: 1, ack: 1, window: 1000, tsval: 101, tsecr: 500, payload: strings.Repeat("a", 200)})
	received(segment{at: 301, ack: 1, window: 1000, tsval: 102, tsecr: 500, payload: strings.Repeat("b", 100)})
	missing := strings.Repeat("x", 100)
	received(segment{at: 201, ack: 1, window: 1000, tsval: 102, tsecr: 500, payload: missing, damaged: true})
	return c
}

// What a server may send is not complained of.
func TestRightPackets(t *testing.T) {
	for _, six := range []bool{false, true} {
		c := begun(six)
		for _, s := range []segment{
			{at: 1, ack: 201, tsval: 501, tsecr: 101, payload: "hello"},
			{at: 1, ack: 201, tsval: 501, tsecr: 102, payload: "hello", sack: [][2]uint32{{301, 401}}},
			{at: 4, ack: 201, tsval: 502, tsecr: 102, payload: "lo, you"},
			{at: 0, ack: 201, tsval: 502, tsecr: 102},                                      // keepalive
			{at: 11, ack: 201, tsval: 501, tsecr: 102},                                     // overtaken
			{at: 411, ack: 201, tsval: 503, tsecr: 102, payload: strings.Repeat("c", 100)}, // overtaken
			{at: 11, ack: 201, tsval: 502, tsecr: 102, payload: strings.Repeat("c", 400)},
			{at: 511, ack: 201, tsval: 503, tsecr: 102, flags: "F"},
			{at: 512, flags: "R", bare: true},
		} {
			s.window, s.six = 1000, six
			c.Sent(s.frame(true))
		}
		if err := c.Err(); err != nil {
			t.Error(err)
		}
		if n := c.Counts(); n.Sent != 10 || n.Received != 3 || n.Damaged != 1 || n.Repeated != 3 || n.Resets != 1 {
			t.Errorf("counts %+v", n)
		}
	}
}

// Every rule finds what it is for.
func TestWrongPackets(t *testing.T) {
	good := segment{at: 1, ack: 201, tsval: 501, tsecr: 101, payload: "hello", window: 1000}
	for want, change := range map[string]func(s *segment){
		"wrong checksum":              func(s *segment) { s.damaged = true },
		"acknowledges byte 202":       func(s *segment) { s.ack = 202 },
		"acknowledges byte 401":       func(s *segment) { s.ack = 401 }, // the middle came damaged
		"SACK block from 201 to 401":  func(s *segment) { s.sack = [][2]uint32{{201, 401}} },
		"SACK block from 301 to 301":  func(s *segment) { s.sack = [][2]uint32{{301, 301}} },
		"window ends at 2001":         func(s *segment) { s.at, s.payload = 1900, strings.Repeat("c", 500) },
		"bytes 1 to 12 were never":    func(s *segment) { s.at = 7 },
		"segment of 537 bytes":        func(s *segment) { s.payload = strings.Repeat("c", 525) },
		"timestamps are false":        func(s *segment) { s.bare = true },
		"timestamp 489 after 500":     func(s *segment) { s.tsval = 489 },
		"echoes timestamp 103":        func(s *segment) { s.tsecr = 103 },
		"echoes timestamp 99":         func(s *segment) { s.tsecr = 99 },
		"urgent data":                 func(s *segment) { s.flags = "U" },
		"acknowledges nothing":        func(s *segment) { s.ack = 0 },
		"another SYN":                 func(s *segment) { s.flags = "S" },
		"no connection of the client": func(s *segment) { s.six = true },
	} {
		c, wrong := begun(false), good
		change(&wrong)
		c.Sent(wrong.frame(true))
		if err := c.Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// What depends on packets before is found too.
func TestWrongSuccessors(t *testing.T) {
	first := segment{at: 1, ack: 201, tsval: 501, tsecr: 101, payload: "hello", window: 1000}
	for want, second := range map[string]segment{
		"other bytes than before": {at: 3, ack: 201, tsval: 501, tsecr: 101, payload: "LLo"},
		"behind the FIN":          {at: 7, ack: 201, tsval: 501, tsecr: 101, payload: "more"},
		"sent after an RST":       {at: 1, ack: 201, tsval: 501, tsecr: 101, payload: "hello"},
		"timestamp 490 after 501": {at: 1, ack: 201, tsval: 490, tsecr: 101, payload: "hello"},
	} {
		c, begin := begun(false), first
		switch want {
		case "behind the FIN":
			begin.flags = "F"
		case "sent after an RST":
			begin.flags = "R"
		}
		c.Sent(begin.frame(true))
		if err := c.Err(); err != nil {
			t.Errorf("%q: %v", want, err)
		}
		c.Sent(second.frame(true))
		if err := c.Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// The text of violations is bounded, their number is not lost.
func TestManyViolations(t *testing.T) {
	c := begun(false)
	for range maxViolations + 5 {
		c.Sent(segment{at: 1, ack: 401, tsval: 501, tsecr: 101, window: 1000}.frame(true))
	}
	if n := c.Counts().Violations; n != maxViolations+5 {
		t.Errorf("%d violations, want %d", n, maxViolations+5)
	}
	text := c.Err().Error()
	if !strings.HasSuffix(text, "and 5 more") || strings.Count(text, "\n") != maxViolations {
		t.Errorf("got %v", text)
	}
}
