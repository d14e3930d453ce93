/* SPDX-License-Identifier: GPL-2.0 */
/* wire_segment.bpf.h - makes the packet at hand a segment of our own and sends it. */
#ifndef WIRE_SEGMENT_BPF_H
#define WIRE_SEGMENT_BPF_H

#include "wire_splice.bpf.h"

#define SEGMENT_HOPS 64
#define IP4_CHECK 10 /* offset in the header */

struct segment {
	__u32 seq;
	__u32 ack;
	__u32 tsval;
	__u32 tsecr;
	__u32 from; /* payload in out[] */
	__u32 len;
	__u16 window;
	__u8 flags;
	__u8 up; /* to the kernel's socket, as if from the client */
	__u8 whole; /* must not be fragmented on its way: finds the path's MTU */
};

static __always_inline void segment_ip4(struct __sk_buff *skb, struct packet *p, struct segment *g,
					__u32 bytes)
{
	struct ip4_header ip = {
		.version = 0x45, .ttl = SEGMENT_HOPS, .protocol = PROTOCOL_TCP, .id = g->seq >> 3};

	ip.len = bpf_htons(IP4_BYTES + bytes);
	ip.fragment = g->whole ? bpf_htons(IP4_WHOLE) : 0;
	ip.source = g->up ? p->key.client[3] : p->key.server[3];
	ip.destination = g->up ? p->key.server[3] : p->key.client[3];
	ip.check = ~checksum_fold((__u32)bpf_csum_diff(0, 0, (__be32 *)&ip, sizeof(ip), 0));
	bpf_skb_store_bytes(skb, ETHERNET_BYTES, &ip, sizeof(ip), 0);
}

static __always_inline void segment_ip6(struct __sk_buff *skb, struct packet *p, struct segment *g,
					__u32 bytes)
{
	struct ip6_header ip = {
		.flow = bpf_htonl(6 << 28), .protocol = PROTOCOL_TCP, .hops = SEGMENT_HOPS};

	ip.len = bpf_htons(bytes);
	__builtin_memcpy(ip.source, g->up ? p->key.client : p->key.server, 16);
	__builtin_memcpy(ip.destination, g->up ? p->key.server : p->key.client, 16);
	bpf_skb_store_bytes(skb, ETHERNET_BYTES, &ip, sizeof(ip), 0);
}

static __always_inline int segment_tcp(struct __sk_buff *skb, struct packet *p, struct scratch *s,
				       struct segment *g, __u32 header)
{
	__u32 bytes = header + g->len;
	__u64 sum = checksum_pseudo(p, bytes);
	struct tcp_header t = {.flags = g->flags, .ts_word = bpf_htonl(TCP_TIMESTAMP_WORD)};

	t.source = g->up ? p->key.client_port : p->key.server_port;
	t.destination = g->up ? p->key.server_port : p->key.client_port;
	t.seq = bpf_htonl(g->seq);
	t.ack = bpf_htonl(g->ack);
	t.offset = header / 4 << 4;
	t.window = bpf_htons(g->window);
	t.tsval = bpf_htonl(g->tsval);
	t.tsecr = bpf_htonl(g->tsecr);
	if (checksum_state(skb) == CHECKSUM_PARTIAL) {
		t.check = checksum_fold(sum);
	} else {
		sum += header == sizeof(t) ? (__u32)bpf_csum_diff(0, 0, (__be32 *)&t, sizeof(t), 0)
					   : (__u32)bpf_csum_diff(0, 0, (__be32 *)&t, TCP_BYTES, 0);
		t.check = ~checksum_fold(sum + checksum_area(s, 1, g->from, g->len));
	}
	return header == sizeof(t) ? bpf_skb_store_bytes(skb, p->tcp, &t, sizeof(t), 0)
				   : bpf_skb_store_bytes(skb, p->tcp, &t, TCP_BYTES, 0);
}

static __always_inline int segment_payload(struct __sk_buff *skb, struct scratch *s,
					   struct segment *g, __u32 at)
{
	__u32 len = g->len, from = g->from;

	opaque(len);
	opaque(from);
	if (!len)
		return 0;
	if (len > WIRE_MAX_SEGMENT || from > WIRE_MAX_REPLY)
		return -EINVAL;
	return bpf_skb_store_bytes(skb, at, s->out + from, len, 0);
}

/* Rewrites the packet, whatever it was, as segment g between the ends in p->key. */
__noinline int segment_write(struct __sk_buff *skb, struct packet *p, struct wire *w,
			     struct scratch *s, struct segment *g)
{
	__u8 macs[12];
	__u32 header;

	if (!p || !w || !s || !g)
		return -EINVAL;
	header = w->flags & BPFDB_WIRE_TIMESTAMPS ? sizeof(struct tcp_header) : TCP_BYTES;
	if (bpf_skb_change_tail(skb, p->tcp + header + g->len, 0))
		return -ENOMEM;
	__builtin_memcpy(macs, w->macs + (g->up ? 0 : 6), 6);
	__builtin_memcpy(macs + 6, w->macs + (g->up ? 6 : 0), 6);
	bpf_skb_store_bytes(skb, 0, macs, sizeof(macs), 0);
	if (p->ip4)
		segment_ip4(skb, p, g, header + g->len);
	else
		segment_ip6(skb, p, g, header + g->len);
	if (segment_tcp(skb, p, s, g, header))
		return -EINVAL;
	return segment_payload(skb, s, g, p->tcp + header);
}

/*
 * Payload bytes of one segment to the client: a multiple of 4, as sums of pieces need. What is sent again fits
 * every path, in case that nobody tells that it is too large: routers may fragment IPv4, and IPv6 has a least MTU.
 */
static __always_inline __u32 segment_room(struct wire *w, struct packet *p)
{
	__u32 room = w->mss;

	if (w->mss_limit && room > w->mss_limit)
		room = w->mss_limit;
	if (p->again && w->ifindex != LOOPBACK_IFINDEX && !p->ip4 && room > WIRE_SAFE_SEGMENT6)
		room = WIRE_SAFE_SEGMENT6;
	return (room > WIRE_MAX_SEGMENT ? WIRE_MAX_SEGMENT : room) & ~3U;
}

/*
 * Sends out[0..out_len), which starts at wire sequence number seq. The packet becomes the last
 * segment, copies of it those before; the caller sends it. 0 or a negative errno.
 */
__noinline int segment_send(struct __sk_buff *skb, struct packet *p, struct wire *w,
			    struct scratch *s, __u32 seq)
{
	struct segment g = {};
	__u32 room, left;

	if (!p || !w || !s)
		return -EINVAL;
	g.whole = !p->again;
	room = segment_room(w, p);
	left = s->out_len;
	g.seq = seq;
	g.ack = (__u32)(w->given >> 32) + w->rx_delta;
	g.window = w->window;
	g.tsval = w->ts_sent;
	g.tsecr = w->ts_recent;
	g.flags = TCP_ACK;
	for (__u32 i = unknown_zero(); i < WIRE_CWND && left > room && CAN_LOOP; i++) {
		g.len = room;
		if (segment_write(skb, p, w, s, &g))
			return -ENOMEM;
		bpf_clone_redirect(skb, w->ifindex, 0);
		g.seq += room;
		g.from += room;
		left -= room;
	}
	g.flags = TCP_ACK | (left ? TCP_PSH : 0);
	g.len = left;
	return segment_write(skb, p, w, s, &g);
}

#endif
