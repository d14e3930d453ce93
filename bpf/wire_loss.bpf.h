/* SPDX-License-Identifier: GPL-2.0 */
/* wire_loss.bpf.h - what acknowledgements tell of replies made here, and sending them again. */
#ifndef WIRE_LOSS_BPF_H
#define WIRE_LOSS_BPF_H

#include "wire_segment.bpf.h"

#define SRTT_WEIGHT 8 /* of the past against a new measurement, as in RFC 6298 */
#define RTTVAR_WEIGHT 4
#define WIRE_MAX_STALLS                                                                     \
	5 /* lossy replies in a row: a router refuses large segments and does not say so */
#define WIRE_SAFE_SEGMENT4 536 /* RFC 9293: what every client takes, and nearly every path */

/* A reply was acknowledged that was sent once: how long did it take? */
static __always_inline void wire_measure(struct wire *w, __u64 now_ns)
{
	__u32 us = (now_ns - w->sent_ns) / 1000 + 1;

	if (w->tries || w->recover || !w->sent_ns)
		return;
	w->stalls = 0;
	if (!w->srtt_us) {
		w->srtt_us = us;
		w->rttvar_us = us / 2;
		return;
	}
	w->rttvar_us -= w->rttvar_us / RTTVAR_WEIGHT;
	w->rttvar_us += (us > w->srtt_us ? us - w->srtt_us : w->srtt_us - us) / RTTVAR_WEIGHT;
	w->srtt_us = w->srtt_us - w->srtt_us / SRTT_WEIGHT + us / SRTT_WEIGHT;
}

/* The client acknowledges more than before. */
static __always_inline void wire_advance(struct wire *w, __u32 ack)
{
	__u64 now_ns = bpf_ktime_get_ns();

	if (kept_waits(w) && !before(ack, w->kept_to))
		wire_measure(w, now_ns);
	w->una = ack;
	w->sent_ns = now_ns;
	w->tries = 0;
	w->duplicates = 0;
}

/* Learns what the client's acknowledgement and window say. */
__noinline int wire_note(struct wire *w, struct packet *p)
{
	__u32 end;

	if (!w || !p)
		return -EINVAL;
	if (!(p->flags & TCP_ACK) || after(p->ack, w->own_nxt + w->tx_delta))
		return 0;
	end = p->ack + ((__u32)p->window << w->scale);
	if (after(end, w->edge))
		w->edge = end;
	if (p->sack == PACKET_TWICE)
		w->stalls = 0;
	if (after(p->ack, w->una))
		wire_advance(w, p->ack);
	else if (p->ack == w->una && !p->len && w->duplicates < WIRE_DUPLICATES &&
		 (p->odd ? p->sack == PACKET_LATER : p->window == w->client_window))
		w->duplicates++;
	w->client_window = p->window;
	if (p->timestamps && after(p->tsval, w->ts_recent))
		w->ts_recent = p->tsval;
	if (w->kept && !kept_waits(w))
		kept_free(w);
	return 0;
}

/* A reply was lost. After too many in a row segments get smaller. */
static __always_inline void wire_stalled(struct packet *p, struct wire *w)
{
	__u32 safe = p->ip4 ? WIRE_SAFE_SEGMENT4 : WIRE_SAFE_SEGMENT6;

	if (w->mss <= safe || w->kept_to - w->una <= safe)
		return;
	w->stalls += w->stalls < WIRE_MAX_STALLS;
	if (w->stalls == WIRE_MAX_STALLS)
		w->mss_limit = safe;
}

/* Sends the first kept segment once more, in the packet at hand. */
__noinline int wire_resend(struct __sk_buff *skb, struct packet *p, struct wire *w,
			   struct scratch *s)
{
	__u32 from, len, room;
	struct buffer *b;

	if (!p || !w || !s)
		return -EINVAL;
	b = buffer_at(w->kept);
	if (!b)
		return -ENOENT;
	from = after(w->una, w->kept_from) ? w->una - w->kept_from : 0;
	len = w->kept_to - w->kept_from - from;
	p->again = 1;
	room = segment_room(w, p);
	if (len > room)
		len = room;
	if (p->sack == PACKET_LATER && len > p->sack_from - w->una)
		len = p->sack_from - w->una; /* the client has what follows */
	opaque(from);
	opaque(len);
	if (from > 2 * WIRE_MAX_REPLY - 1 || len > WIRE_MAX_SEGMENT ||
	    from + len > BPFDB_BUFFER_SIZE)
		return -EINVAL;
	if (from > BPFDB_BUFFER_SIZE - WIRE_MAX_SEGMENT)
		return -EINVAL;
	if (bpf_probe_read_kernel(s->out, len, b->bytes + from))
		return -EINVAL;
	s->out_len = len;
	w->sent_ns = bpf_ktime_get_ns();
	if (!w->recover) {
		w->recover = w->kept_to;
		wire_stalled(p, w);
	}
	count(COUNTER_WIRE_RESENT, 1);
	return segment_send(skb, p, w, s, w->kept_from + from);
}

/*
 * Acknowledgements in a row that mean a loss: fewer where there cannot be three, if they tell that something
 * came behind a gap (RFC 5827).
 */
static __always_inline __u32 wire_duplicates(struct packet *p, struct wire *w)
{
	__u32 segments = p->sack == PACKET_LATER ? kept_segments(w) : WIRE_DUPLICATES + 1;

	return segments > WIRE_DUPLICATES ? WIRE_DUPLICATES : segments > 2 ? segments - 1 : 1;
}

/*
 * Does the packet tell that a reply was lost? A request that was answered comes again, an
 * acknowledgement repeats itself, or one ends within what was kept when a loss was noticed.
 */
static __always_inline int wire_lost(struct packet *p, struct wire *w, __u32 una)
{
	if (!kept_waits(w) || p->extended || p->flags & (TCP_SYN | TCP_FIN | TCP_RST | TCP_URG))
		return 0;
	if (p->len)
		return !after(p->seq + p->len, (__u32)(w->given >> 32) + w->rx_delta);
	if (w->recover && after(w->una, una)) {
		if (before(w->una, w->recover))
			return 1;
		w->recover = 0;
	}
	if (p->ack != w->una || w->duplicates < wire_duplicates(p, w) ||
	    w->duplicates > WIRE_DUPLICATES)
		return 0;
	w->duplicates = WIRE_DUPLICATES + 1; /* once for each of them in a row */
	return 1;
}

#endif
