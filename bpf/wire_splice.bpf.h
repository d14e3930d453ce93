/* SPDX-License-Identifier: GPL-2.0 */
/* wire_splice.bpf.h - moves sequence numbers between the wire and the kernel's socket. */
#ifndef WIRE_SPLICE_BPF_H
#define WIRE_SPLICE_BPF_H

#include "wire_packet.bpf.h"

#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_SACK 5
#define TCP_SEQ 4 /* offsets in the TCP header */
#define TCP_ACKNOWLEDGED 8
#define TCP_WINDOW 14
#define TCP_CHECK 16
#define SACK_BLOCKS 4 /* as many as fit */
#define SACK_BLOCK_BYTES 8
#define OPTION_NOPS 0x01010101

static __always_inline void wire_unlock(struct wire *w)
{
	barrier();
	WRITE_ONCE(w->lock, 0);
}

static __always_inline int same_key(const struct wire_key *a, const struct wire_key *b)
{
	const __u32 *x = (const __u32 *)a, *y = (const __u32 *)b;
	__u32 differ = 0;

#pragma unroll
	for (int i = 0; i < sizeof(*a) / 4; i++)
		differ |= x[i] ^ y[i];
	return !differ;
}

/* Both hooks run with softirqs off, so who holds the lock goes on, unless its processor is gone. */
static __always_inline int wire_lock(struct wire *w, const struct wire_key *key)
{
	for (__u32 i = unknown_zero(); i < WIRE_LOCK_TRIES && CAN_LOOP; i++) {
		if (READ_ONCE(w->lock) || __sync_val_compare_and_swap(&w->lock, 0, 1))
			continue;
		if (same_key(&w->key, key))
			return 1;
		wire_unlock(w);
		break;
	}
	count(COUNTER_WIRE_REFUSED, 1);
	return 0;
}

static __always_inline void splice_stamp(struct wire *w, __u32 stamp)
{
	if (!w->ts_sent || after(stamp, w->ts_sent))
		w->ts_sent = stamp;
}

static __always_inline void kept_free(struct wire *w)
{
	__u32 id = w->kept;

	w->kept = 0;
	w->recover = 0;
	if (id)
		buffer_push(id);
}

static __always_inline int kept_waits(struct wire *w)
{
	return w->kept && after(w->kept_to, w->una);
}

/* Segments that what waits takes, at least. */
static __always_inline __u32 kept_segments(struct wire *w)
{
	return kept_waits(w) && w->mss ? (w->kept_to - w->una + w->mss - 1) / w->mss : 0;
}

/* Writes a 32-bit field of the TCP header and keeps the checksum right, offloaded or not. */
static __always_inline void splice_word(struct __sk_buff *skb, struct packet *p, __u32 at,
					__u32 old, __u32 new)
{
	old = bpf_htonl(old);
	new = bpf_htonl(new);
	if (old == new)
		return;
	bpf_l4_csum_replace(skb, p->tcp + TCP_CHECK, old, new, 4);
	bpf_skb_store_bytes(skb, at, &new, 4, 0);
}

/*
 * The part of the client's window that the kernel's socket is told: half of one that is not
 * small. The rest is for replies made here, so that the socket never sends beyond the window.
 * hidden: bytes of replies not acknowledged, of which the socket does not know.
 */
static __always_inline __u32 splice_share(struct wire *w, __u32 window, __u32 hidden)
{
	__u32 half = window / 2 << w->scale, bytes = window << w->scale;

	if (half >= 2 * w->mss || half >= WIRE_SHARE)
		window /= 2;
	bytes = bytes > hidden ? (bytes - hidden) >> w->scale : 0;
	return window < bytes ? window : bytes;
}

/* Follows what the kernel's socket makes of an acknowledgement: tcp_ack_update_window(). */
static __always_inline void splice_believed(struct wire *w, __u32 seq, __u32 ack, __u32 window)
{
	__u32 bytes = window << w->scale;

	if (after(ack, w->own_nxt))
		return;
	if (after(ack, w->own_una) || after(seq, w->own_wl) ||
	    (seq == w->own_wl && bytes > w->own_edge - w->own_una)) {
		w->own_wl = seq;
		w->own_edge = ack + bytes;
	}
	if (after(ack, w->own_una))
		w->own_una = ack;
}

static __always_inline void splice_window(struct __sk_buff *skb, struct packet *p, __u16 window)
{
	__u16 old = bpf_htons(p->window), new = bpf_htons(window);

	if (old == new)
		return;
	bpf_l4_csum_replace(skb, p->tcp + TCP_CHECK, old, new, 2);
	bpf_skb_store_bytes(skb, p->tcp + TCP_WINDOW, &new, 2, 0);
}

/* Moves the blocks of one SACK option at offset `at` of the packet. A call, lest the verifier nest the loops. */
__noinline int splice_blocks(struct __sk_buff *skb, struct packet *p, struct wire *w, __u32 at,
			     int in)
{
	__u32 delta, floor;
	__u8 len;

	if (!p || !w || bpf_skb_load_bytes(skb, at + 1, &len, 1))
		return -EINVAL;
	delta = in ? -w->tx_delta : w->rx_delta;
	floor = w->own_floor;
	for (__u32 i = 0; i < 2 * SACK_BLOCKS; i++) {
		__u32 where = at + 2 + 4 * i, old, new;

		if (2 + 4 * i + 4 > len || bpf_skb_load_bytes(skb, where, &old, 4))
			break;
		old = bpf_ntohl(old);
		new = old + delta;
		if (in && before(new, floor))
			new = floor;
		splice_word(skb, p, where, old, new);
	}
	return 0;
}

/*
 * The kernel's socket says that it got bytes twice (D-SACK) which the client sent once: they were taken here and
 * went up before others. The block, the first of an option that starts at word `at`, becomes NOPs.
 */
static __always_inline int splice_overlap(struct __sk_buff *skb, struct packet *p, struct wire *w,
					  __u32 at)
{
	__u32 words[3];

	if (w->overlap_from == w->overlap_to || bpf_skb_load_bytes(skb, at, words, sizeof(words)))
		return 0;
	if (bpf_ntohl(words[1]) != w->overlap_from || bpf_ntohl(words[2]) != w->overlap_to)
		return 0;
	splice_word(skb, p, at, bpf_ntohl(words[0]), OPTION_NOPS);
	splice_word(skb, p, at + 4, bpf_ntohl(words[1]), OPTION_NOPS);
	/* The option's head moves behind it, if there are more blocks. */
	splice_word(skb, p, at + 8, bpf_ntohl(words[2]),
		    (bpf_ntohl(words[0]) & 0xff) > 2 + SACK_BLOCK_BYTES
			    ? bpf_ntohl(words[0]) - SACK_BLOCK_BYTES
			    : OPTION_NOPS);
	return 1;
}

/*
 * Moves the SACK blocks, if any; in: on their way to the kernel's socket. Blocks for replies made here
 * are none of the socket's business: its own bytes start at floor, and an empty block is ignored by TCP.
 */
__noinline int splice_sack(struct __sk_buff *skb, struct packet *p, struct wire *w, int in)
{
	__u8 option[2];
	__u32 at;

	if (!p || !w)
		return -EINVAL;
	at = p->tcp + TCP_BYTES;
	for (__u32 i = unknown_zero(); i < TCP_MAX_OPTIONS && CAN_LOOP; i++) {
		if (at + 2 > p->payload || bpf_skb_load_bytes(skb, at, option, 2) ||
		    option[0] == OPTION_END)
			return 0;
		if (option[0] == OPTION_NOP) {
			at++;
			continue;
		}
		if (option[0] == OPTION_SACK) {
			/* Our own system puts two NOPs before it. */
			if (!in && splice_overlap(skb, p, w, at - 2))
				continue;
			splice_blocks(skb, p, w, at, in);
		}
		if (option[1] < 2)
			return 0;
		at += option[1];
	}
	return 0;
}

#endif
