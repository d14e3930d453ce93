/* SPDX-License-Identifier: GPL-2.0 */
/*
 * buffer.bpf.h - pool of buffers for the starts of requests and for replies on their way.
 *
 * A Treiber stack of buffers given back, with a tag against ABA; behind it, buffers never
 * used. A buffer has one owner at a time (a connection, a scratch area or the
 * program run that popped it), so only the head of the stack is contended.
 */
#ifndef BUFFER_BPF_H
#define BUFFER_BPF_H

#include "maps.bpf.h"

#define BUFFER_MAX_TRIES 64 /* compare-and-swap attempts on the head of the free list */

/* Buffers of BPFDB_BUFFER_SIZE bytes; more let more connections be mid-request at once. */
const volatile __u32 buffer_count = 512;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 512); /* set by the loader */
	__type(key, __u32);
	__type(value, struct buffer);
} bpfdb_buffers SEC(".maps");

__u64 buffer_free; /* index + 1 in bits 0..31, tag above */
__u64 buffer_used; /* buffers ever taken */

static __always_inline struct buffer *buffer_at(__u32 id)
{
	__u32 i = id - 1;

	return bpf_map_lookup_elem(&bpfdb_buffers, &i);
}

static __always_inline __u32 buffer_fresh(void)
{
	if (READ_ONCE(buffer_used) >= buffer_count)
		return 0;
	__u64 i = __sync_fetch_and_add(&buffer_used, 1);
	return i < buffer_count ? i + 1 : 0;
}

/* A buffer as index + 1, or 0 when all are in use. */
static __always_inline __u32 buffer_pop(void)
{
	for (__u32 i = unknown_zero(); i < BUFFER_MAX_TRIES && CAN_LOOP; i++) {
		__u64 old = READ_ONCE(buffer_free), head;
		struct buffer *b;

		if (!(__u32)old)
			return buffer_fresh();
		b = buffer_at(old);
		if (!b)
			return 0;
		head = ((old >> 32) + 1) << 32 | READ_ONCE(b->next);
		if (__sync_val_compare_and_swap(&buffer_free, old, head) == old)
			return old;
	}
	return 0;
}

/* Losing every attempt would leak the buffer: the bound is far above the number of CPUs. */
static __always_inline void buffer_push(__u32 id)
{
	struct buffer *b = buffer_at(id);

	if (!b)
		return;
	for (__u32 i = unknown_zero(); i < BUFFER_MAX_TRIES && CAN_LOOP; i++) {
		__u64 old = READ_ONCE(buffer_free);

		WRITE_ONCE(b->next, (__u32)old);
		if (__sync_val_compare_and_swap(&buffer_free, old, ((old >> 32) + 1) << 32 | id) ==
		    old)
			return;
	}
}

/* Fills the buffer from memory of the same program; 0 or -E2BIG. */
static __always_inline int buffer_fill(struct buffer *b, const void *from, __u32 len)
{
	if (len > BPFDB_BUFFER_SIZE)
		return -E2BIG;
	b->len = len;
	return len ? bpf_probe_read_kernel(b->bytes, len, from) : 0;
}

#endif
