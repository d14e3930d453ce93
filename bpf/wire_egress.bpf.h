/* SPDX-License-Identifier: GPL-2.0 */
/* wire_egress.bpf.h - packets of the kernel's socket, on their way to the client. */
#ifndef WIRE_EGRESS_BPF_H
#define WIRE_EGRESS_BPF_H

#include "wire_ingress.bpf.h"

/*
 * The socket sends again what the client acknowledged in a packet that it never saw. The packet
 * becomes that acknowledgement and goes back.
 */
static __always_inline int wire_acknowledge(struct __sk_buff *skb, struct packet *p, struct wire *w,
					    struct scratch *s)
{
	struct segment g = {.up = 1, .flags = TCP_ACK, .seq = p->ack, .tsecr = p->tsval};
	__u32 hidden = 0;

	g.ack = w->una - w->tx_delta;
	if (before(g.ack, w->own_floor)) {
		hidden = w->own_floor - g.ack;
		g.ack = w->own_floor;
	}
	g.tsval = w->ts_recent;
	g.window = splice_share(w, w->client_window, hidden);
	splice_believed(w, g.seq, g.ack, g.window);
	if (segment_write(skb, p, w, s, &g))
		return TCX_DROP;
	skb->mark = wire_mark;
	return w->ifindex == LOOPBACK_IFINDEX ? TCX_PASS : bpf_redirect(w->ifindex, BPF_F_INGRESS);
}

/* Moves the packet out. */
__noinline int wire_down(struct __sk_buff *skb, struct packet *p, struct wire *w)
{
	__u32 end;

	if (!p || !w)
		return TCX_DROP;
	end = p->seq + packet_span(p);
	/* The socket believes in a window that replies made here have used. */
	if (p->len && after(p->seq, w->una - w->tx_delta) && after(end + w->tx_delta, w->edge)) {
		count(COUNTER_WIRE_REFUSED, 1);
		return TCX_DROP;
	}
	if (packet_span(p) && after(end, w->own_nxt)) {
		w->own_nxt = end;
		w->own_end = end + w->tx_delta;
	}
	if (p->flags & (TCP_FIN | TCP_RST))
		__sync_fetch_and_or(&w->flags, BPFDB_WIRE_SHUT);
	w->window = p->window;
	if (p->timestamps)
		splice_stamp(w, p->tsval);
	splice_word(skb, p, p->tcp + TCP_SEQ, p->seq, p->seq + w->tx_delta);
	if (!(p->flags & TCP_ACK))
		return TCX_NEXT;
	splice_word(skb, p, p->tcp + TCP_ACKNOWLEDGED, p->ack, p->ack + w->rx_delta);
	if (p->odd)
		splice_sack(skb, p, w, 0);
	return TCX_NEXT;
}

/* Takes over what the kernel's socket knows of the path's MTU. */
static __always_inline void wire_follow(struct __sk_buff *skb, struct wire *w)
{
	struct bpf_sock *sk = skb->sk;
	struct bpf_tcp_sock *tp;
	__u32 mss;

	sk = sk ? bpf_sk_fullsock(sk) : 0;
	tp = sk ? bpf_tcp_sock(sk) : 0;
	mss = tp ? tp->mss_cache : w->mss;
	if (mss > 0xffff)
		mss = 0xffff;
	if (mss == w->mss)
		return;
	w->mss = mss;
	w->mss_limit = 0;
	w->stalls = 0;
}

static __always_inline int wire_out(struct __sk_buff *skb, struct packet *p, struct wire *w)
{
	struct scratch *s;
	int verdict;

	if (!packet_span(p) || !before(p->seq, w->own_floor))
		return wire_down(skb, p, w);
	s = scratch_claim();
	if (!s)
		return TCX_DROP;
	verdict = wire_acknowledge(skb, p, w, s);
	scratch_release(s);
	return verdict;
}

SEC("tcx/egress")
int bpfdb_wire_egress(struct __sk_buff *skb)
{
	struct packet p = {};
	struct wire *w;
	int verdict;

	if (skb->mark == wire_mark || packet_foreign(skb, 0) || packet_parse(skb, &p, 0))
		return TCX_NEXT;
	w = bpf_map_lookup_elem(&bpfdb_wires, &p.key);
	if (!w || w->flags & BPFDB_WIRE_DEAD)
		return TCX_NEXT;
	if (p.flags & TCP_SYN) {
		__sync_fetch_and_or(&w->flags, BPFDB_WIRE_DEAD | BPFDB_WIRE_SHUT);
		return TCX_NEXT;
	}
	if (!wire_lock(w, &p.key))
		return TCX_DROP;
	wire_follow(skb, w);
	verdict = wire_out(skb, &p, w);
	wire_unlock(w);
	return verdict;
}

#endif
