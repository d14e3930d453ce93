/* SPDX-License-Identifier: GPL-2.0 */
/*
 * multi.bpf.h - what MULTI and WATCH keep with a connection: a queue of requests and the
 * transaction that has read the watched keys.
 *
 * The queue holds the requests' bytes as they came, in a heap block that is replaced by larger ones: it
 * counts as used memory and needs no pool of its own. A path that ends a connection calls
 * multi_end.
 */
#ifndef MULTI_BPF_H
#define MULTI_BPF_H

#include "reply.bpf.h"

#define QUEUE_FIRST_SIZE 512 /* bytes of the first block */

/*
 * Whose the transaction of WATCH is. Not the connection's own token: its number, if it was aborted for
 * being idle, may be given to a BEGIN of the same connection.
 */
static __always_inline __u64 watch_token(struct conn *c)
{
	return c->cookie | 1ULL << 62;
}

/* Forgets the watched keys. */
static __always_inline void watch_end(struct conn *c)
{
	__u32 txn = __sync_lock_test_and_set(&c->watch, 0);

	if (txn && !txn_enter(txn, watch_token(c)))
		txn_abort(txn);
}

static __always_inline void queue_free(struct conn *c)
{
	if (c->queue)
		heap_free(c->queue, class_of(c->queue_size));
	c->queue = 0;
	c->queue_len = 0;
	c->queue_size = 0;
	c->queued = 0;
}

/* MULTI is over, whatever came of it. */
static __always_inline void multi_close(struct conn *c)
{
	queue_free(c);
	c->multi = 0;
}

/* MULTI and WATCH are over. */
static __always_inline void multi_end(struct conn *c)
{
	multi_close(c);
	watch_end(c);
}

/* Makes room for len bytes in all. 0, or what heap_alloc answers. */
static __always_inline int queue_reserve(struct conn *c, __u32 len)
{
	__u32 size = c->queue_size ? c->queue_size : QUEUE_FIRST_SIZE, old_len = c->queue_len;
	void *from, *to;
	__s64 ref;

	if (c->queue && len <= size)
		return 0;
	if (size < len)
		size = 2 *
		       len; /* in steps, so that all copies together cost what the queue is long */
	if (size > BPFDB_MAX_QUEUE)
		size = BPFDB_MAX_QUEUE;
	ref = heap_alloc(size);
	if (ref < 0)
		return ref;
	from = c->queue ? heap_at(c->queue) : 0;
	to = heap_at(ref);
	opaque(old_len);
	if (from && to && old_len <= BPFDB_MAX_QUEUE)
		bpf_probe_read_kernel(to, old_len, from);
	if (c->queue)
		heap_free(c->queue, class_of(c->queue_size));
	c->queue = ref;
	c->queue_size = size;
	return 0;
}

/*
 * Appends the request at in_pos. 0; -E2BIG: a limit of the queue; -ENOMEM, -ENOSPC: none of
 * its memory.
 */
__noinline int queue_append(struct scratch *s, struct conn *c)
{
	__u32 len, at;
	__u8 *block;
	int err;

	if (!s || !c)
		return -EINVAL;
	len = s->next - s->in_pos;
	at = c->queue_len;
	if (len > BPFDB_MAX_QUEUE || at > BPFDB_MAX_QUEUE || at + len > BPFDB_MAX_QUEUE ||
	    c->queued >= BPFDB_MAX_QUEUED)
		return -E2BIG;
	err = queue_reserve(c, at + len);
	if (err)
		return err;
	block = heap_at(c->queue);
	opaque(at);
	opaque(len);
	if (!block || at > BPFDB_MAX_QUEUE || len > BPFDB_MAX_QUEUE)
		return -EINVAL;
	if (bpf_probe_read_kernel(block + at, len, s->in + (s->in_pos & BPFDB_IN_MASK)))
		return -EINVAL;
	c->queue_len = at + len;
	c->queued++;
	return 0;
}

/* Copies the queue behind the input, where it must have room. 0 or -EINVAL. */
__noinline int queue_load(struct scratch *s, struct conn *c)
{
	__u32 len, at;
	void *block;

	if (!s || !c)
		return -EINVAL;
	len = c->queue_len;
	at = s->in_len;
	block = c->queue ? heap_at(c->queue) : 0;
	if (!len)
		return 0;
	opaque(len);
	if (!block || len > BPFDB_MAX_QUEUE)
		return -EINVAL;
	return bpf_probe_read_kernel(s->in + (at & BPFDB_IN_MASK), len, block);
}

#endif
