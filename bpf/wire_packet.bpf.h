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
#define IP6_BYTES 40
#define IP6_JUMBO_BYTES 8
#define IP4_FRAGMENT 0x3fff /* more fragments, or an offset */
#define ECN_MASK 3
#define ECN_CE 3 /* congestion experienced */
#define TCP_BYTES 20
#define TCP_TIMESTAMP_BYTES 12 /* two NOPs and the option, as every system sends it */
#define TCP_TIMESTAMP_WORD 0x0101080a
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

struct packet {
	struct wire_key key;
	__u32 seq;
	__u32 ack;
	__u32 len; /* payload bytes */
	__u32 tsval;
	__u32 tsecr;
	__u16 tcp; /* where the TCP header starts */
	__u16 payload; /* and what follows it */
	__u16 window;
	__u8 flags;
	__u8 odd; /* has what a plain segment has not */
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

/* Bytes of the TCP segment, or a negative errno. */
static __always_inline int packet_ip4(struct __sk_buff *skb, struct packet *p, int in)
{
	struct ip4_header ip;

	if (bpf_skb_load_bytes(skb, ETHERNET_BYTES, &ip, sizeof(ip)))
		return -EINVAL;
	if (ip.version != 0x45 || ip.protocol != PROTOCOL_TCP ||
	    ip.fragment & bpf_htons(IP4_FRAGMENT))
		return -EINVAL;
	mapped(p->key.client, in ? ip.source : ip.destination);
	mapped(p->key.server, in ? ip.destination : ip.source);
	p->ip4 = 1;
	p->odd = (ip.tos & ECN_MASK) == ECN_CE;
	p->tcp = ETHERNET_BYTES + IP4_BYTES;
	/* A packet yet to be segmented may be larger than its header can say. */
	return ip.len || !skb->gso_size ? bpf_ntohs(ip.len) - IP4_BYTES : skb->len - p->tcp;
}

static __always_inline int packet_ip6(struct __sk_buff *skb, struct packet *p, int in)
{
	struct ip6_header ip;

	if (bpf_skb_load_bytes(skb, ETHERNET_BYTES, &ip, sizeof(ip)))
		return -EINVAL;
	p->tcp = ETHERNET_BYTES + IP6_BYTES;
	/* What is larger than its header can say has an option that is gone after segmentation. */
	if (!ip.protocol && !ip.len && skb->gso_size) {
		bpf_skb_load_bytes(skb, p->tcp, &ip.protocol, 1);
		p->tcp += IP6_JUMBO_BYTES;
	}
	if (ip.protocol != PROTOCOL_TCP)
		return -EINVAL;
	__builtin_memcpy(p->key.client, in ? ip.source : ip.destination, 16);
	__builtin_memcpy(p->key.server, in ? ip.destination : ip.source, 16);
	p->ip4 = 0;
	p->odd = (bpf_ntohl(ip.flow) >> 20 & ECN_MASK) == ECN_CE;
	return ip.len ? bpf_ntohs(ip.len) : skb->len - p->tcp;
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

/* 0, or a negative errno when it is no whole TCP packet. in: it comes from the client. */
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
	if (bytes < TCP_BYTES || p->tcp + bytes > skb->len)
		return -EINVAL;
	if (bytes >= sizeof(t) ? bpf_skb_load_bytes(skb, p->tcp, &t, sizeof(t))
			       : bpf_skb_load_bytes(skb, p->tcp, &t, TCP_BYTES))
		return -EINVAL;
	header = (t.offset >> 4) * 4;
	if (header < TCP_BYTES || header > bytes)
		return -EINVAL;
	p->key.client_port = in ? t.source : t.destination;
	p->key.server_port = in ? t.destination : t.source;
	p->seq = bpf_ntohl(t.seq);
	p->ack = bpf_ntohl(t.ack);
	p->window = bpf_ntohs(t.window);
	p->flags = t.flags;
	p->len = bytes - header;
	p->payload = p->tcp + header;
	if (t.offset & TCP_AE)
		p->odd = 1;
	packet_options(p, &t, header - TCP_BYTES);
	return 0;
}

/* Sequence numbers the segment takes. */
static __always_inline __u32 packet_span(const struct packet *p)
{
	return p->len + (p->flags & TCP_FIN ? 1 : 0);
}

#endif
