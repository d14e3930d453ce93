/* SPDX-License-Identifier: GPL-2.0 */
/*
 * conn.bpf.h - the gate, the carried request and the reply queue of a connection.
 *
 * All but the gate is touched only under the socket lock (the programs) or while the gate
 * is closed (user space); the gate itself moves by atomic operations. The lock is that of the
 * server's socket on the sockmap path, that of the client's on the local path: there
 * a program has to enter the gate, and whoever finds it dead and empty frees the rest.
 */
#ifndef CONN_BPF_H
#define CONN_BPF_H

#include "buffer.bpf.h"

#define GATE_CLOSED 1ULL
#define GATE_DEAD (1ULL << 62) /* local: not to be entered: the entry is not whole, or dropped */
#define GATE_BUSY (1ULL << 63) /* local: the client's send() is inside */
#define GATE_TRIES 4 /* user space can only open the gate, once: a second attempt decides */

/* Connections that want user space, by cookie: two events at most per connection. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20); /* set by the loader */
} bpfdb_events SEC(".maps");

static __always_inline void conn_wake(struct conn *c)
{
	__u64 cookie = c->cookie;

	if (bpf_ringbuf_output(&bpfdb_events, &cookie, sizeof(cookie), 0))
		count(COUNTER_DROP_EVENT, 1);
}

/* True when the gate is closed: len bytes then count as passed up. */
static __always_inline int gate_passes(struct conn *c, __u32 len)
{
	for (int i = 0; i < GATE_TRIES; i++) {
		__u64 old = READ_ONCE(c->gate);

		if (!(old & GATE_CLOSED))
			return 0;
		if (__sync_val_compare_and_swap(&c->gate, old, old + ((__u64)len << 1)) == old)
			return 1;
	}
	return 0;
}

/* Closes an open gate behind what is in the carry, and passes len bytes of an skb up. */
static __always_inline void gate_close(struct conn *c, __u32 len, enum counter why)
{
	count(why, 1);
	__sync_fetch_and_add(&c->gate, (__u64)len << 1 | GATE_CLOSED);
	conn_wake(c);
}

static __always_inline void conn_abort(struct conn *c)
{
	count(COUNTER_DROP_REPLY, 1);
	c->flags |= BPFDB_CONN_ABORT;
	if (!(READ_ONCE(c->gate) & GATE_CLOSED))
		__sync_fetch_and_add(&c->gate, GATE_CLOSED);
	conn_wake(c);
}

/* Moves the carried start of a request to in[0..carry_len). 0 or -EINVAL. */
static __always_inline int carry_load(struct conn *c, struct scratch *s)
{
	struct buffer *b;
	__u32 len;

	if (!c->carry)
		return 0;
	b = buffer_at(c->carry);
	len = c->carry_len;
	if (!b || len > BPFDB_BUFFER_SIZE)
		return -EINVAL;
	return len ? bpf_probe_read_kernel(s->in, len, b->bytes) : 0;
}

static __always_inline void carry_free(struct conn *c)
{
	__u32 id = c->carry;

	c->carry = 0;
	c->carry_len = 0;
	if (id)
		buffer_push(id);
}

/* A request is parsed from its start with every piece that comes: how many pieces may do that. */
#define CARRY_MAX_PIECES 64

/* Has the request under way come in too many pieces to be tried once more? */
static __always_inline int carry_crumbles(struct conn *c)
{
	struct buffer *b = c->carry ? buffer_at(c->carry) : 0;

	return b && b->pieces >= CARRY_MAX_PIECES;
}

/* Keeps in[in_pos..in_len) in the connection's buffer, or in the spare one. 0, -E2BIG, -ENOSPC. */
static __always_inline int carry_keep(struct conn *c, struct scratch *s)
{
	__u32 from = s->in_pos & BPFDB_IN_MASK, id = c->carry ? c->carry : s->spare;
	struct buffer *b;

	if (!id)
		return -ENOSPC;
	b = buffer_at(id);
	if (!b)
		return -EINVAL;
	if (buffer_fill(b, s->in + from, s->in_len - s->in_pos))
		return -E2BIG;
	if (!c->carry)
		s->spare = 0;
	b->pieces = c->carry && !s->in_pos ? b->pieces + 1 : 1;
	c->carry = id;
	c->carry_len = b->len;
	return 0;
}

/* Queues out[0..out_len) as the reply that an skb of len bytes stands for. */
static __always_inline int reply_queue(struct conn *c, struct scratch *s, __u32 id, __u32 len)
{
	struct buffer *b = buffer_at(id), *last;

	if (!b || buffer_fill(b, s->out, s->out_len))
		return -EINVAL;
	b->next = 0;
	b->skip = len;
	c->reply_bytes += s->out_len;
	last = c->last_reply ? buffer_at(c->last_reply) : 0;
	if (last)
		last->next = id;
	else
		c->first_reply = id;
	c->last_reply = id;
	return 0;
}

/* Forgets the oldest reply. */
static __always_inline void reply_pop(struct conn *c, struct buffer *b)
{
	__u32 id = c->first_reply;

	c->first_reply = b->next;
	if (!c->first_reply)
		c->last_reply = 0;
	buffer_push(id);
}

__noinline int conn_free(struct conn *c)
{
	__u64 cookie;
	__u32 txn;

	if (!c)
		return -EINVAL;
	cookie = c->cookie;
	txn = __sync_lock_test_and_set(&c->txn, 0);
	if (txn && !txn_enter(txn, cookie))
		txn_abort(txn);
	multi_end(c);
	carry_free(c);
	for (__u32 i = unknown_zero(); i < BUFFER_MAX_TRIES && CAN_LOOP; i++) {
		struct buffer *b = c->first_reply ? buffer_at(c->first_reply) : 0;

		if (!b)
			break;
		reply_pop(c, b);
	}
	bpf_map_delete_elem(&bpfdb_conns, &cookie);
	return 0;
}

/* Frees what the connection holds, now or when the client's send() has left it. */
static __always_inline void conn_drop(struct conn *c)
{
	if (!(__sync_fetch_and_or(&c->gate, GATE_DEAD) & GATE_BUSY))
		conn_free(c);
}

#endif
