package impair

import (
	"encoding/binary"
	"net"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// What a router in the middle of the link does: it cuts packets up or refuses them, and marks them.

const (
	ip4Header  = 20
	ip6Header  = 40
	ip4Quote   = ip4Header + 8 // bytes of a refused packet that come back
	ip6Quote   = 1232
	ecnMask    = 3
	ecnCE      = 3
	codeTooBig = 4 // fragmentation needed and DF set
)

// Router and Router6 are the addresses that refusals come from.
const (
	Router  = "198.51.100.3"
	Router6 = "2001:db8:ffff::3"
)

// tooBig refuses a packet, or passes it in fragments.
func (d *direction) tooBig(frame []byte, i *Impairment) {
	parsed := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.NoCopy)
	if ip, ok := parsed.NetworkLayer().(*layers.IPv4); ok && ip.Flags&layers.IPv4DontFragment == 0 {
		d.count.cutUp.Add(1)
		d.cutUp(frame, ip, i)
		return
	}
	d.count.tooBig.Add(1)
	if i.Silent {
		return
	}
	if refusal := refusal(parsed, i.MTU); refusal != nil {
		d.send(d.side, refusal)
	}
}

func (d *direction) cutUp(frame []byte, ip *layers.IPv4, i *Impairment) {
	ether := layers.Ethernet{
		DstMAC: frame[:6], SrcMAC: frame[6:12], EthernetType: layers.EthernetTypeIPv4,
	}
	step := (i.MTU - ip4Header) &^ 7
	for at := 0; at < len(ip.Payload); at += step {
		part := *ip
		part.FragOffset = uint16(at / 8)
		end := min(at+step, len(ip.Payload))
		if end < len(ip.Payload) {
			part.Flags |= layers.IPv4MoreFragments
		}
		d.pass(serialize(&ether, &part, gopacket.Payload(ip.Payload[at:end])), i.Delay)
	}
}

// refusal is the ICMP message for a packet that is too big, nil for what is no IP.
func refusal(parsed gopacket.Packet, mtu int) []byte {
	from := parsed.LinkLayer().(*layers.Ethernet)
	ether := &layers.Ethernet{DstMAC: from.SrcMAC, SrcMAC: from.DstMAC, EthernetType: from.EthernetType}
	quoted := from.Payload
	switch ip := parsed.NetworkLayer().(type) {
	case *layers.IPv4:
		quoted = quoted[:min(len(quoted), ip4Quote)]
		return serialize(ether,
			&layers.IPv4{
				Version: 4, TTL: 64, Protocol: layers.IPProtocolICMPv4, SrcIP: net.ParseIP(Router), DstIP: ip.SrcIP,
			},
			&layers.ICMPv4{
				TypeCode: layers.CreateICMPv4TypeCode(layers.ICMPv4TypeDestinationUnreachable, codeTooBig),
				Seq:      uint16(mtu),
			}, gopacket.Payload(quoted))
	case *layers.IPv6:
		outer := &layers.IPv6{
			Version: 6, HopLimit: 64, NextHeader: layers.IPProtocolICMPv6, SrcIP: net.ParseIP(Router6), DstIP: ip.SrcIP,
		}
		icmp := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(layers.ICMPv6TypePacketTooBig, 0)}
		_ = icmp.SetNetworkLayerForChecksum(outer) // fails for what is no network layer
		body := binary.BigEndian.AppendUint32(nil, uint32(mtu))
		return serialize(ether, outer, icmp, gopacket.Payload(append(body, quoted[:min(len(quoted), ip6Quote)]...)))
	}
	return nil
}

func serialize(all ...gopacket.SerializableLayer) []byte {
	buffer := gopacket.NewSerializeBuffer()
	options := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(buffer, options, all...); err != nil {
		panic(err) // the layers are ours
	}
	return buffer.Bytes()
}

// markCongestion sets the mark on an IPv4 packet whose sender understands it.
func markCongestion(frame []byte) bool {
	if len(frame) < ethernet+ip4Header || binary.BigEndian.Uint16(frame[12:]) != uint16(layers.EthernetTypeIPv4) {
		return false
	}
	header := frame[ethernet : ethernet+ip4Header]
	if header[1]&ecnMask == 0 || header[1]&ecnMask == ecnCE {
		return false
	}
	header[1] |= ecnCE
	binary.BigEndian.PutUint16(header[10:], 0)
	binary.BigEndian.PutUint16(header[10:], gopacket.FoldChecksum(gopacket.ComputeChecksum(header, 0)))
	return true
}
