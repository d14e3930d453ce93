package tcpcheck

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

var (
	errOther    = errors.New("no TCP packet of the server")
	errChecksum = errors.New("wrong checksum")
)

// packet is what the rules look at.
type packet struct {
	client, server netip.AddrPort
	*layers.TCP
	mss        int // options; 0: none
	scale      int // -1: none
	timestamps bool
	tsval      uint32
	tsecr      uint32
	sack       [][2]uint32
	ecn        uint8 // of the IP header: ecnNone, or that congestion was met or could be told
}

// Values of packet.ecn that the rules need.
const (
	ecnNone = 0
	ecnMet  = 3
	ecnMask = 3
)

// length is what the segment takes of the sequence numbers.
func (p *packet) length() int64 {
	n := int64(len(p.Payload))
	if p.SYN {
		n++
	}
	if p.FIN {
		n++
	}
	return n
}

func (p *packet) String() string {
	flags := ""
	for _, f := range []struct {
		set  bool
		name string
	}{{p.SYN, "S"}, {p.FIN, "F"}, {p.RST, "R"}, {p.PSH, "P"}, {p.ECE, "E"}, {p.CWR, "W"}} {
		if f.set {
			flags += f.name
		}
	}
	return fmt.Sprintf("[%v %s seq %d len %d ack %d win %d]", p.client, flags, p.Seq, len(p.Payload), p.Ack, p.Window)
}

// decoder reads frames one after the other, into the same memory.
type decoder struct {
	port   layers.TCPPort // of the server
	parser *gopacket.DecodingLayerParser
	types  []gopacket.LayerType
	ether  layers.Ethernet
	ip4    layers.IPv4
	ip6    layers.IPv6
	more   layers.IPv6ExtensionSkipper
	tcp    layers.TCP
}

func newDecoder(port uint16) *decoder {
	d := &decoder{port: layers.TCPPort(port)}
	d.parser = gopacket.NewDecodingLayerParser(layers.LayerTypeEthernet, &d.ether, &d.ip4, &d.ip6, &d.more, &d.tcp)
	d.parser.IgnoreUnsupported = true
	return d
}

// read decodes a frame from or to the server. errOther and errChecksum are the errors it gives; fragments are other.
func (d *decoder) read(frame []byte, fromServer bool) (*packet, error) {
	if err := d.parser.DecodeLayers(frame, &d.types); err != nil || len(d.types) < 3 ||
		d.types[len(d.types)-1] != layers.LayerTypeTCP {
		return nil, errOther
	}
	source, destination := d.addresses()
	p := &packet{
		client: netip.AddrPortFrom(source, uint16(d.tcp.SrcPort)),
		server: netip.AddrPortFrom(destination, uint16(d.tcp.DstPort)),
		TCP:    &d.tcp, scale: -1,
	}
	port := d.tcp.DstPort
	if fromServer {
		p.client, p.server, port = p.server, p.client, d.tcp.SrcPort
	}
	if !d.sumsRight() {
		return p, errChecksum
	}
	if port != d.port {
		return nil, errOther
	}
	p.ecn = d.ip6.TrafficClass & ecnMask
	if d.types[1] == layers.LayerTypeIPv4 {
		p.ecn = d.ip4.TOS & ecnMask
	}
	for _, o := range d.tcp.Options {
		p.option(o)
	}
	return p, nil
}

func (d *decoder) addresses() (source, destination netip.Addr) {
	from, to := d.ip6.SrcIP, d.ip6.DstIP
	if d.types[1] == layers.LayerTypeIPv4 {
		from, to = d.ip4.SrcIP, d.ip4.DstIP
	}
	source, _ = netip.AddrFromSlice(from)
	destination, _ = netip.AddrFromSlice(to)
	return source.Unmap(), destination.Unmap()
}

func (d *decoder) sumsRight() bool {
	if d.types[1] == layers.LayerTypeIPv4 {
		if _, result := d.ip4.VerifyChecksum(); !result.Valid {
			return false
		}
		d.tcp.SetNetworkLayerForChecksum(&d.ip4)
	} else {
		d.tcp.SetNetworkLayerForChecksum(&d.ip6)
	}
	err, result := d.tcp.VerifyChecksum()
	return err == nil && result.Valid
}

func (p *packet) option(o layers.TCPOption) {
	data := o.OptionData
	switch {
	case o.OptionType == layers.TCPOptionKindMSS && len(data) == 2:
		p.mss = int(binary.BigEndian.Uint16(data))
	case o.OptionType == layers.TCPOptionKindWindowScale && len(data) == 1:
		p.scale = int(data[0])
	case o.OptionType == layers.TCPOptionKindTimestamps && len(data) == 8:
		p.timestamps = true
		p.tsval, p.tsecr = binary.BigEndian.Uint32(data), binary.BigEndian.Uint32(data[4:])
	case o.OptionType == layers.TCPOptionKindSACK:
		for ; len(data) >= 8; data = data[8:] {
			p.sack = append(p.sack, [2]uint32{binary.BigEndian.Uint32(data), binary.BigEndian.Uint32(data[4:])})
		}
	}
}
