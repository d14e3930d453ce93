/* SPDX-License-Identifier: GPL-2.0 */
/* wire_ingress.bpf.h - packets of clients: answered in place, or moved for the kernel's socket. */
#ifndef WIRE_INGRESS_BPF_H
#define WIRE_INGRESS_BPF_H

#include "wire_icmp.bpf.h"
#include "wire_loss.bpf.h"

/* Sends the packet, which segment_send() made, the way it came. */
static __always_inline int wire_back(struct __sk_buff *skb, struct wire *w)
{
	/* On loopback the way up is the way back, and keeps the route the packet has. */
	if (w->ifindex == LOOPBACK_IFINDEX) {
		skb->mark = 0;
		return TCX_PASS;
	}
	return bpf_redirect(w->ifindex, 0);
}

/* Moves the packet up: the kernel's socket shall find in it what it would without this path. */
__noinline int wire_up(struct __sk_buff *skb, struct packet *p, struct wire *w)
{
	__u32 end, ack, window, hidden = 0;

	if (!p || !w)
		return TCX_DROP;
	end = p->seq + packet_span(p);
	if (packet_span(p) && after(end, w->rcv_max))
		w->rcv_max = end;
	if (p->flags & TCP_RST)
		__sync_fetch_and_or(&w->flags, BPFDB_WIRE_SHUT);
	splice_word(skb, p, p->tcp + TCP_SEQ, p->seq, p->seq - w->rx_delta);
	if (!(p->flags & TCP_ACK))
		return TCX_NEXT;
	ack = p->ack - w->tx_delta;
	if (before(ack, w->own_floor)) {
		hidden = w->own_floor - ack;
		ack = w->own_floor;
	}
	splice_word(skb, p, p->tcp + TCP_ACKNOWLEDGED, p->ack, ack);
	if (p->odd)
		splice_sack(skb, p, w, 1);
	window = splice_share(w, p->window, hidden);
	splice_window(skb, p, window);
	splice_believed(w, p->seq - w->rx_delta, ack, window);
	return TCX_NEXT;
}

/* Room for replies in bytes, 0 when the segment is not to be answered here. */
static __always_inline __u32 wire_room(struct packet *p, struct wire *w)
{
	__u64 given = READ_ONCE(w->given);
	__u32 base = w->own_nxt + w->tx_delta, end = p->ack + ((__u32)p->window << w->scale);
	__s32 ahead = kept_waits(w) ? base - w->una : 0;
	__s32 room = (w->recover && ahead ? WIRE_CWND / 2 : WIRE_CWND) * (__u32)w->mss;

	if (p->odd || (p->flags & ~TCP_PSH) != TCP_ACK ||
	    w->flags & (BPFDB_WIRE_SHUT | BPFDB_WIRE_ECHO))
		return 0;
	if (p->timestamps != !!(w->flags & BPFDB_WIRE_TIMESTAMPS) ||
	    (p->timestamps && before(p->tsval, w->ts_recent)))
		return 0;
	/* The socket is idle: it sent all user space gave, and all that was acknowledged. */
	if (w->own_nxt != (__u32)given || before(w->una, w->own_end) || after(p->ack, base))
		return 0;
	/* Nothing is on its way to user space, and the segment is the next in order. */
	if (p->seq != (__u32)(given >> 32) + w->rx_delta || after(w->rcv_max, p->seq))
		return 0;
	room -= ahead;
	if (room > WIRE_MAX_REPLY)
		room = WIRE_MAX_REPLY;
	if (room > (__s32)(end - base))
		room = end - base;
	if (room > (__s32)(end - w->tx_delta - w->own_edge))
		room = end - w->tx_delta - w->own_edge;
	/* kept_from stays where it is while bytes wait; the buffer is for two full replies. */
	if (ahead && w->kept_to - w->kept_from > WIRE_MAX_REPLY)
		return 0;
	return room < WIRE_MIN_REPLY ? 0 : room;
}

/*
 * Where not all replies fit, some are made here and the rest of the requests goes up: the dearest of all ways, while
 * the kernel's socket, with its super-packets, is good at large ones. So after a second failure in a row the next
 * request goes up as it came, after each further one twice as many and one.
 */
static __always_inline void wire_rest(struct wire *w, int full)
{
	if (!full) {
		w->next_rest = 0;
		return;
	}
	w->rest = w->next_rest;
	if (w->next_rest < WIRE_MAX_REST)
		w->next_rest = 2 * w->next_rest + 1;
}

/* Is this one of the requests to pass up without a try? */
static __always_inline int wire_rests(struct wire *w)
{
	if (!w->rest)
		return 0;
	w->rest--;
	return 1;
}

/* Keeps out[0..out_len) until it is acknowledged, and moves the numbers behind it. */
static __always_inline int wire_keep(struct wire *w, struct scratch *s)
{
	__u32 seq = w->own_nxt + w->tx_delta, n = s->out_len, at;
	struct buffer *b = buffer_at(w->kept);

	if (!kept_waits(w))
		w->kept_from = seq;
	at = seq - w->kept_from;
	opaque(at);
	opaque(n);
	if (!b || at > WIRE_MAX_REPLY || n > WIRE_MAX_REPLY)
		return -EINVAL;
	if (n && bpf_probe_read_kernel(b->bytes + at, n, s->out))
		return -EINVAL;
	w->kept_to = seq + n;
	w->own_floor = w->own_nxt;
	w->tx_delta += n;
	w->sent_ns = bpf_ktime_get_ns();
	return 0;
}

/* What was executed became part of the splice; out[] holds the replies, to be sent from seq. */
static __always_inline int wire_answer(struct __sk_buff *skb, struct packet *p, struct wire *w,
				       struct scratch *s)
{
	__u32 seq = w->own_nxt + w->tx_delta;

	w->rx_delta += s->in_pos;
	w->overlap_from = p->seq - w->rx_delta;
	w->overlap_to = s->in_pos < s->in_len ? w->overlap_from + s->in_pos : w->overlap_from;
	splice_stamp(w, p->tsecr);
	if (wire_keep(w, s)) { /* cannot be: the room was there */
		__sync_fetch_and_or(&w->flags, BPFDB_WIRE_SHUT);
		count(COUNTER_DROP_REPLY, 1);
		return TCX_DROP;
	}
	count(COUNTER_FAST_BATCHES, 1);
	skb->mark = wire_mark;
	/* What is left goes up, overlapping what was taken: the socket ignores what it is beyond. */
	if (s->in_pos < s->in_len) {
		wire_up(skb, p, w);
		bpf_clone_redirect(skb, w->ifindex,
				   w->ifindex == LOOPBACK_IFINDEX ? 0 : BPF_F_INGRESS);
	}
	if (segment_send(skb, p, w, s, seq))
		return TCX_DROP;
	return wire_back(skb, w);
}

static __always_inline int wire_load(struct __sk_buff *skb, struct packet *p, struct scratch *s)
{
	__u32 len = p->len, at = p->payload;

	opaque(len);
	if (!in_range(len, 1, BPFDB_OUT_MASK))
		return -EINVAL;
	s->in_pos = 0;
	s->in_len = len;
	s->out_len = 0;
	return bpf_skb_load_bytes(skb, at, s->in, len);
}

/* A router marked the packet: until the client says that it was told, the kernel's socket tells it. */
static __always_inline void wire_marked(struct packet *p, struct wire *w)
{
	if (p->flags & TCP_CWR)
		__sync_fetch_and_and(&w->flags, ~BPFDB_WIRE_ECHO);
	if (p->ce && p->len && w->flags & BPFDB_WIRE_ECN)
		__sync_fetch_and_or(&w->flags, BPFDB_WIRE_ECHO);
}

/* A packet of one of our connections, whose lock is held. */
static __always_inline int wire_in(struct __sk_buff *skb, struct packet *p, struct wire *w,
				   struct scratch *s)
{
	__u32 una = w->una, room;
	struct conn *c;
	__u64 cookie;

	if (checksum_wrong(skb, p, s))
		return TCX_NEXT;
	w->ifindex = skb->ifindex;
	bpf_skb_load_bytes(skb, 0, w->macs, sizeof(w->macs));
	wire_marked(p, w);
	wire_note(w, p);
	if (wire_lost(p, w, una)) {
		skb->mark = wire_mark;
		return wire_resend(skb, p, w, s) ? TCX_DROP : wire_back(skb, w);
	}
	room = p->len && !wire_rests(w) ? wire_room(p, w) : 0;
	cookie = w->cookie;
	c = room ? bpf_map_lookup_elem(&bpfdb_conns, &cookie) : 0;
	if (!c || wire_load(skb, p, s))
		return wire_up(skb, p, w);
	if (!w->kept) {
		w->kept = buffer_pop();
		w->kept_to = w->una;
	}
	if (!w->kept)
		return wire_up(skb, p, w);
	s->out_limit = room;
	wire_rest(w, serve(s, c) == SERVE_FULL);
	if (!s->in_pos) {
		if (!kept_waits(w))
			kept_free(w);
		return wire_up(skb, p, w);
	}
	return wire_answer(skb, p, w, s);
}

SEC("tcx/ingress")
int bpfdb_wire_ingress(struct __sk_buff *skb)
{
	struct packet p = {};
	struct scratch *s;
	struct wire *w;
	int verdict;

	if (skb->mark == wire_mark || packet_foreign(skb, 1))
		return TCX_NEXT;
	if (packet_parse(skb, &p, 1))
		return wire_other(skb, &p);
	if (p.flags & TCP_SYN)
		return TCX_NEXT;
	w = bpf_map_lookup_elem(&bpfdb_wires, &p.key);
	if (!w || w->flags & BPFDB_WIRE_DEAD)
		return TCX_NEXT;
	s = scratch_claim();
	if (!s)
		return TCX_DROP;
	verdict = TCX_DROP;
	if (wire_lock(w, &p.key)) {
		verdict = wire_in(skb, &p, w, s);
		wire_unlock(w);
	}
	scratch_release(s);
	return verdict;
}

#endif
