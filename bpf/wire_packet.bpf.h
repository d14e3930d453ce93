/* SPDX-License-Identifier: GPL-2.0 */
/* wire_packet.bpf.h - reads the headers of a packet. Numbers in host byte order, addresses not. */
#ifndef WIRE_PACKET_BPF_H
#define WIRE_PACKET_BPF_H

#include "kernel.bpf.h"

#define ETHERNET_BYTES 14
#define PROTOCOL_IP4 0x0800
#define PROTOCOL_IP6 0x86dd
#define PROTOCOL_TCP 6
#define IP4_BYTES 20
#define IP4_MAX_BYTES 60
#define IP6_BYTES 40
#define IP6_MAX_EXTENSIONS 4 /* headers between that of IP and that of TCP */
#define IP6_HOP_BY_HOP 0
#define IP6_ROUTING 43
#define IP6_FRAGMENT 44
#define IP6_DESTINATION 60
#define IP6_OFFSET 0xfff8 /* of a fragment's header */
#define IP4_OFFSET 0x1fff
#define IP4_MORE 0x2000 /* fragments */
#define IP4_WHOLE 0x4000 /* must not be fragmented */
#define PROTOCOL_ICMP4 1
#define PROTOCOL_ICMP6 58
#define ECN_MASK 3
#define ECN_CE 3 /* congestion experienced */
#define TCP_BYTES 20
#define TCP_TIMESTAMP_BYTES 12 /* two NOPs and the option, as every system sends it */
#define TCP_TIMESTAMP_WORD 0x0101080a
#define TCP_SACK_WORD 0x010105 /* two NOPs and the option, but for its length */
#define TCP_MAX_OPTIONS 40

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_PSH 0x08
#define TCP_ACK 0x10
#define TCP_URG 0x20
#define TCP_ECE 0x40
#define TCP_CWR 0x80
#define TCP_AE 0x01 /* of the byte before: accurate ECN */

struct ip4_header {
	__u8 version, tos;
	__u16 len, id, fragment;
	__u8 ttl, protocol;
	__u16 check;
	__u32 source, destination;
};

struct ip6_header {
	__u32 flow;
	__u16 len;
	__u8 protocol, hops;
	__u32 source[4], destination[4];
};

struct tcp_header {
	__u16 source, destination;
	__u32 seq, ack;
	__u8 offset, flags;
	__u16 window, check, urgent;
	__u32 ts_word, tsval, tsecr;
};

#define PACKET_LATER 1 /* something came behind a gap */
#define PACKET_TWICE 2 /* something came twice (D-SACK) */

struct packet {
	struct wire_key key;
	__u32 seq;
	__u32 ack;
	__u32 len; /* payload bytes */
	__u32 tsval;
	__u32 tsecr;
	__u16 tcp; /* where the TCP header, or that of ICMP, starts */
	__u16 payload; /* and what follows it */
	__u16 window;
	__u8 flags;
	__u8 odd; /* has what a plain segment has not */
	__u8 ce; /* congestion experienced */
	__u8 extended; /* more between the headers of IP and TCP than a segment made here has */
	__u8 fragment; /* the first one: only the key is known */
	__u32 sack_from; /* left edge of its first SACK block */
	__u8 sack; /* what its first SACK block says: PACKET_* */
	__u8 again; /* becomes a segment that was sent before */
	__u8 protocol;
	__u8 ip4;
	__u8 timestamps;
};

static __always_inline int before(__u32 a, __u32 b)
{
	return (__s32)(a - b) < 0;
}

static __always_inline int after(__u32 a, __u32 b)
{
	return before(b, a);
}

static __always_inline void mapped(__u32 to[4], __u32 ip4)
{
	to[0] = 0;
	to[1] = 0;
	to[2] = bpf_htonl(0xffff);
	to[3] = ip4;
}

static __always_inline __u16 checksum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* True when the header of IPv4, of which so many bytes are there, is damaged. */
static __always_inline int header_wrong(struct __sk_buff *skb, const struct ip4_header *ip,
					__u32 bytes)
{
	__u8 header[IP4_MAX_BYTES] = {};

	opaque(bytes);
	if (bytes == IP4_BYTES)
		return checksum_fold((__u32)bpf_csum_diff(0, 0, (__be32 *)ip, sizeof(*ip), 0)) !=
		       0xffff;
	if (bytes < IP4_BYTES || bytes > sizeof(header) ||
	    bpf_skb_load_bytes(skb, ETHERNET_BYTES, header, bytes))
		return 1;
	return checksum_fold((__u32)bpf_csum_diff(0, 0, (__be32 *)header, sizeof(header), 0)) !=
	       0xffff;
}

/* Bytes of the TCP segment, or a negative errno. */
static __always_inline int packet_ip4(struct __sk_buff *skb, struct packet *p, int in)
{
	__u32 header, offset;
	struct ip4_header ip;

	if (bpf_skb_load_bytes(skb, ETHERNET_BYTES, &ip, sizeof(ip)))
		return -EINVAL;
	header = (ip.version & 15) * 4;
	offset = bpf_ntohs(ip.fragment);
	if (ip.version >> 4 != 4 || header < IP4_BYTES || offset & IP4_OFFSET ||
	    (in && header_wrong(skb, &ip, header)))
		return -EINVAL;
	mapped(p->key.client, in ? ip.source : ip.destination);
	mapped(p->key.server, in ? ip.destination : ip.source);
	p->ip4 = 1;
	p->protocol = ip.protocol;
	p->fragment = !!(offset & IP4_MORE);
	p->extended = header > IP4_BYTES;
	p->ce = (ip.tos & ECN_MASK) == ECN_CE;
	p->tcp = ETHERNET_BYTES + header;
	/* A packet yet to be segmented may be larger than its header can say. */
	return ip.len || !skb->gso_size ? bpf_ntohs(ip.len) - header : skb->len - p->tcp;
}

/*
 * Steps over the extension headers. One with a length in its header may stand for what is larger than a header
 * can say, on its way to segmentation.
 */
static __always_inline int packet_extensions(struct __sk_buff *skb, struct packet *p)
{
	struct {
		__u8 next, len;
		__u16 offset;
	} e;

	for (int i = 0; i < IP6_MAX_EXTENSIONS; i++) {
		if (p->protocol != IP6_HOP_BY_HOP && p->protocol != IP6_ROUTING &&
		    p->protocol != IP6_DESTINATION && p->protocol != IP6_FRAGMENT)
			return 0;
		if (bpf_skb_load_bytes(skb, p->tcp, &e, sizeof(e)))
			return -EINVAL;
		p->extended = 1;
		if (p->protocol == IP6_FRAGMENT) {
			if (bpf_ntohs(e.offset) & IP6_OFFSET)
				return -EINVAL;
			p->fragment = 1;
			e.len = 0;
		}
		p->protocol = e.next;
		p->tcp += (e.len + 1) * 8;
	}
	return 0;
}

static __always_inline int packet_ip6(struct __sk_buff *skb, struct packet *p, int in)
{
	struct ip6_header ip;

	if (bpf_skb_load_bytes(skb, ETHERNET_BYTES, &ip, sizeof(ip)))
		return -EINVAL;
	p->tcp = ETHERNET_BYTES + IP6_BYTES;
	p->protocol = ip.protocol;
	if (bpf_ntohl(ip.flow) >> 28 != 6)
		return -EINVAL;
	if (packet_extensions(skb, p))
		return -EINVAL;
	__builtin_memcpy(p->key.client, in ? ip.source : ip.destination, 16);
	__builtin_memcpy(p->key.server, in ? ip.destination : ip.source, 16);
	p->ip4 = 0;
	p->ce = (bpf_ntohl(ip.flow) >> 20 & ECN_MASK) == ECN_CE;
	/* As above; else the kernel drops what says that it is empty. */
	return ip.len || !skb->gso_size ? bpf_ntohs(ip.len) - (p->tcp - ETHERNET_BYTES - IP6_BYTES)
					: skb->len - p->tcp;
}

/* Options other than timestamps make a segment odd; without any there are none of either. */
static __always_inline void packet_options(struct packet *p, struct tcp_header *t, __u32 bytes)
{
	p->timestamps = bytes >= TCP_TIMESTAMP_BYTES && t->ts_word == bpf_htonl(TCP_TIMESTAMP_WORD);
	p->tsval = p->timestamps ? bpf_ntohl(t->tsval) : 0;
	p->tsecr = p->timestamps ? bpf_ntohl(t->tsecr) : 0;
	if (bytes != (p->timestamps ? TCP_TIMESTAMP_BYTES : 0))
		p->odd = 1;
}

/* Looks at the first SACK block, where every system puts it. */
static __always_inline void packet_sack(struct __sk_buff *skb, struct packet *p)
{
	__u32 at = p->tcp + TCP_BYTES + (p->timestamps ? TCP_TIMESTAMP_BYTES : 0), words[2];

	if (at + sizeof(words) > p->payload || bpf_skb_load_bytes(skb, at, words, sizeof(words)) ||
	    bpf_ntohl(words[0]) >> 8 != TCP_SACK_WORD)
		return;
	p->sack_from = bpf_ntohl(words[1]);
	p->sack = after(bpf_ntohl(words[1]), p->ack) ? PACKET_LATER : PACKET_TWICE;
}

static __always_inline void packet_ports(struct packet *p, __u16 source, __u16 destination, int in)
{
	p->key.client_port = in ? source : destination;
	p->key.server_port = in ? destination : source;
}

/*
 * 0, or a negative errno when it is no whole TCP packet: ->fragment and ->protocol may say what else.
 * in: it comes from the client.
 */
__noinline int packet_parse(struct __sk_buff *skb, struct packet *p, int in)
{
	struct tcp_header t = {};
	int bytes, header;

	if (!p || skb->vlan_present)
		return -EINVAL;
	if (skb->protocol == bpf_htons(PROTOCOL_IP4))
		bytes = packet_ip4(skb, p, in);
	else if (skb->protocol == bpf_htons(PROTOCOL_IP6))
		bytes = packet_ip6(skb, p, in);
	else
		return -EINVAL;
	if (p->protocol != PROTOCOL_TCP)
		return -EINVAL;
	if (p->fragment && !bpf_skb_load_bytes(skb, p->tcp, &t, 4))
		packet_ports(p, t.source, t.destination, in);
	if (p->fragment || bytes < TCP_BYTES || p->tcp + bytes > skb->len)
		return -EINVAL;
	if (bytes >= sizeof(t) ? bpf_skb_load_bytes(skb, p->tcp, &t, sizeof(t))
			       : bpf_skb_load_bytes(skb, p->tcp, &t, TCP_BYTES))
		return -EINVAL;
	header = (t.offset >> 4) * 4;
	if (header < TCP_BYTES || header > bytes)
		return -EINVAL;
	packet_ports(p, t.source, t.destination, in);
	p->seq = bpf_ntohl(t.seq);
	p->ack = bpf_ntohl(t.ack);
	p->window = bpf_ntohs(t.window);
	p->flags = t.flags;
	p->len = bytes - header;
	p->payload = p->tcp + header;
	p->odd = p->ce || p->extended || t.offset & TCP_AE;
	packet_options(p, &t, header - TCP_BYTES);
	if (p->odd)
		packet_sack(skb, p);
	return 0;
}

/* Sequence numbers the segment takes. */
static __always_inline __u32 packet_span(const struct packet *p)
{
	return p->len + (p->flags & TCP_FIN ? 1 : 0);
}

#endif
