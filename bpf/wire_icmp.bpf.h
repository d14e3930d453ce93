/* SPDX-License-Identifier: GPL-2.0 */
/* wire_icmp.bpf.h - fragments of requests, and what routers say of packets to clients. */
#ifndef WIRE_ICMP_BPF_H
#define WIRE_ICMP_BPF_H

#include "wire_splice.bpf.h"

#define ICMP_BYTES 8
#define ICMP_CHECK 2
#define ICMP4_UNREACHABLE 3
#define ICMP4_TOO_BIG 4 /* code */
#define ICMP4_TIME_EXCEEDED 11
#define ICMP4_PARAMETER 12
#define ICMP6_TOO_BIG 2
#define ICMP6_PARAMETER 4 /* the last of the errors */
#define ICMP_MAX_BYTES 2048 /* longer ones are not looked at */
#define MIN_PATH_MTU4 552 /* as net.ipv4.route.min_pmtu */
#define MIN_PATH_MTU6 1280

struct icmp_header {
	__u8 type, code;
	__u16 check;
	__u32 mtu; /* low half of it in IPv4 */
};

/*
 * The kernel will put the fragments together behind the hook: their numbers cannot be moved. A
 * connection that moved none until now is not spliced any more, another one is to be reset.
 */
static __always_inline int wire_fragment(struct packet *p)
{
	struct wire *w = bpf_map_lookup_elem(&bpfdb_wires, &p->key);
	int moved;

	if (!w || w->flags & BPFDB_WIRE_DEAD || !wire_lock(w, &p->key))
		return TCX_NEXT;
	moved = w->rx_delta || w->tx_delta;
	__sync_fetch_and_or(&w->flags, BPFDB_WIRE_SHUT | (moved ? BPFDB_WIRE_BROKEN : 0));
	wire_unlock(w);
	return moved ? TCX_DROP : TCX_NEXT;
}

/* True when the message is whole. Uses in[]. */
static __always_inline int icmp_right(struct __sk_buff *skb, struct packet *p)
{
	struct packet sums = {.key = p->key, .ip4 = p->ip4};
	struct scratch *s = scratch_claim();
	__u32 bytes = skb->len - p->tcp;
	__u64 sum = 0;

	if (!s)
		return 0;
	if (!p->ip4) /* the pseudo header is that of TCP, but for the protocol */
		sum = checksum_pseudo(&sums, bytes) - bpf_htonl(PROTOCOL_TCP) +
		      bpf_htonl(PROTOCOL_ICMP6);
	opaque(bytes);
	if (in_range(bytes, ICMP_BYTES, ICMP_MAX_BYTES) &&
	    !bpf_skb_load_bytes(skb, p->tcp, s->in, bytes))
		sum = checksum_fold(sum + checksum_area(s, 0, 0, bytes));
	else
		sum = 0;
	scratch_release(s);
	return sum == 0xffff;
}

/* Finds whose packet is quoted, and where in the message its TCP header is. 0 or -ENOENT. */
static __always_inline int icmp_quoted(struct __sk_buff *skb, struct packet *p, struct wire_key *k)
{
	__u32 at = p->tcp + ICMP_BYTES;
	struct ip4_header ip4;
	struct ip6_header ip6;
	__u16 ports[2];

	if (p->ip4) {
		if (bpf_skb_load_bytes(skb, at, &ip4, sizeof(ip4)) || ip4.version != 0x45 ||
		    ip4.protocol != PROTOCOL_TCP || bpf_ntohs(ip4.fragment) & IP4_OFFSET)
			return -ENOENT;
		mapped(k->client, ip4.destination);
		mapped(k->server, ip4.source);
		at += IP4_BYTES;
	} else {
		if (bpf_skb_load_bytes(skb, at, &ip6, sizeof(ip6)) || ip6.protocol != PROTOCOL_TCP)
			return -ENOENT;
		__builtin_memcpy(k->client, ip6.destination, 16);
		__builtin_memcpy(k->server, ip6.source, 16);
		at += IP6_BYTES;
	}
	if (bpf_skb_load_bytes(skb, at, ports, sizeof(ports)))
		return -ENOENT;
	k->server_port = ports[0];
	k->client_port = ports[1];
	return at;
}

/* Segments get no larger than the path takes; what waits is sent again by the timer, soon. */
static __always_inline void icmp_narrow(struct packet *p, struct wire *w, __u32 mtu)
{
	__u32 least = p->ip4 ? MIN_PATH_MTU4 : MIN_PATH_MTU6, headers;

	headers = (p->ip4 ? IP4_BYTES : IP6_BYTES) + TCP_BYTES +
		  (w->flags & BPFDB_WIRE_TIMESTAMPS ? TCP_TIMESTAMP_BYTES : 0);
	if (mtu < least)
		mtu = least;
	if (mtu - headers >= w->mss)
		return;
	w->mss = mtu - headers;
	if (kept_waits(w)) {
		w->recover = w->kept_to;
		w->sent_ns = 0;
	}
}

/*
 * An error about a packet of ours quotes numbers of the wire; the kernel's socket knows its own. One about
 * a reply made here becomes one about what the socket sent last, so that it learns of the path.
 */
static __always_inline int icmp_move(struct __sk_buff *skb, struct packet *p, struct wire *w,
				     __u32 at, __u32 mtu)
{
	__u32 seq, own;

	if (bpf_skb_load_bytes(skb, at + TCP_SEQ, &seq, sizeof(seq)))
		return TCX_NEXT;
	seq = bpf_ntohl(seq);
	if (before(seq, w->una) || after(seq, w->own_nxt + w->tx_delta))
		return TCX_DROP;
	if (mtu)
		icmp_narrow(p, w, mtu);
	own = seq - w->tx_delta;
	if (before(own, w->own_una))
		own = w->own_una;
	if (own != seq) {
		seq = bpf_htonl(seq);
		own = bpf_htonl(own);
		bpf_l4_csum_replace(skb, p->tcp + ICMP_CHECK, seq, own, sizeof(own));
		bpf_skb_store_bytes(skb, at + TCP_SEQ, &own, sizeof(own), 0);
	}
	return TCX_NEXT;
}

__noinline int wire_icmp(struct __sk_buff *skb, struct packet *p)
{
	struct wire_key k = {};
	struct icmp_header h;
	struct wire *w;
	__u32 mtu = 0;
	int at;

	if (!p || bpf_skb_load_bytes(skb, p->tcp, &h, sizeof(h)))
		return TCX_NEXT;
	if (p->ip4 ? h.type != ICMP4_UNREACHABLE && h.type != ICMP4_TIME_EXCEEDED &&
			     h.type != ICMP4_PARAMETER
		   : !h.type || h.type > ICMP6_PARAMETER)
		return TCX_NEXT;
	if (p->ip4 && h.type == ICMP4_UNREACHABLE && h.code == ICMP4_TOO_BIG)
		mtu = bpf_ntohl(h.mtu) & 0xffff;
	else if (!p->ip4 && h.type == ICMP6_TOO_BIG)
		mtu = bpf_ntohl(h.mtu);
	at = icmp_quoted(skb, p, &k);
	w = at > 0 ? bpf_map_lookup_elem(&bpfdb_wires, &k) : 0;
	if (!w || w->flags & BPFDB_WIRE_DEAD || !icmp_right(skb, p) || !wire_lock(w, &k))
		return TCX_NEXT;
	at = icmp_move(skb, p, w, at, mtu);
	wire_unlock(w);
	return at;
}

/* A packet that is no whole TCP packet. */
static __always_inline int wire_other(struct __sk_buff *skb, struct packet *p)
{
	if (p->fragment)
		return p->protocol == PROTOCOL_TCP ? wire_fragment(p) : TCX_NEXT;
	if (p->protocol == PROTOCOL_ICMP4 ? !p->ip4 : p->protocol != PROTOCOL_ICMP6 || p->ip4)
		return TCX_NEXT;
	return wire_icmp(skb, p);
}

#endif
