/* SPDX-License-Identifier: GPL-2.0 */
/*
 * heap.bpf.h - block allocator over the segment heap.
 *
 * A block comes from, in this order: this CPU's free list of its size class, another
 * CPU's, memory never used, and at the memory limit a larger free block
 * that is split. Free blocks are not merged again. All lists are Treiber stacks with a
 * tag against ABA; memory is never unmapped, so a stale pointer reads rubbish, not a fault.
 */
#ifndef HEAP_BPF_H
#define HEAP_BPF_H

#include "maps.bpf.h"

#define HEAP_MAX_TRIES 64 /* compare-and-swap attempts on one list head */
#define HEAP_MAX_STEAL 8 /* shards looked at for a free block while there is fresh memory */
#define HEAP_MAX_PIECES 8 /* blocks the rest of a split block is cut into */

#define FINE_STEP 16 /* class step up to FINE_MAX bytes */
#define FINE_MAX 512
#define FINE_CLASSES (FINE_MAX / FINE_STEP)

/* The smallest class whose blocks hold size bytes. size <= BPFDB_MAX_BLOCK. */
static __always_inline __u32 class_of(__u32 size)
{
	__u32 doubling = 0;

	if (size <= FINE_MAX)
		return size ? (size + FINE_STEP - 1) / FINE_STEP - 1 : 0;
	if (size > FINE_MAX << 4)
		doubling += 4;
	if (size > FINE_MAX << (doubling + 2))
		doubling += 2;
	if (size > FINE_MAX << (doubling + 1))
		doubling += 1;
	size -= (FINE_MAX << doubling) + 1;
	return FINE_CLASSES + doubling * 8 + (size >> (6 + doubling));
}

static __always_inline __u32 class_size(__u32 cls)
{
	__u32 doubling, step;

	if (cls < FINE_CLASSES)
		return (cls + 1) * FINE_STEP;
	doubling = ((cls - FINE_CLASSES) >> 3) & 7;
	step = (cls - FINE_CLASSES) & 7;
	return (FINE_MAX << doubling) + (step + 1) * (64 << doubling);
}

static __always_inline __u64 retag(__u64 head, __u64 ref)
{
	return (((head >> BPFDB_REF_BITS) + 1) << BPFDB_REF_BITS) | ref;
}

/* 0, or -EBUSY when other CPUs won every attempt. */
static __always_inline int list_push(__u64 *head, __u64 ref, __u64 *link)
{
	for (__u32 i = unknown_zero(); i < HEAP_MAX_TRIES && CAN_LOOP; i++) {
		__u64 old = READ_ONCE(*head);

		WRITE_ONCE(*link, old & BPFDB_REF_MASK);
		if (__sync_val_compare_and_swap(head, old, retag(old, ref)) == old)
			return 0;
	}
	return -EBUSY;
}

/* A block's ref, or 0. */
static __always_inline __u64 list_pop(__u64 *head)
{
	for (__u32 i = unknown_zero(); i < HEAP_MAX_TRIES && CAN_LOOP; i++) {
		__u64 old = READ_ONCE(*head), ref = old & BPFDB_REF_MASK;
		__u64 *link;

		if (!ref)
			return 0;
		link = heap_at(ref);
		if (!link)
			return 0;
		if (__sync_val_compare_and_swap(
			    head, old, retag(old, READ_ONCE(*link) & BPFDB_REF_MASK)) == old)
			return ref;
	}
	return 0;
}

static __always_inline struct shard *shard_after(__u32 distance)
{
	struct control *ctl = control();
	__u32 id;

	if (!ctl)
		return 0;
	id = (bpf_get_smp_processor_id() + distance) & ctl->shard_mask;
	return bpf_map_lookup_elem(&bpfdb_shards, &id);
}

/* Puts a block on the list of its class. The caller must be the only one who can reach it. */
static __always_inline int heap_put(__u64 ref, __u32 cls)
{
	__u64 *link = heap_at(ref);

	opaque(cls);
	if (!link || cls >= BPFDB_CLASSES)
		return -EINVAL;
	for (__u32 i = unknown_zero(); i < HEAP_MAX_STEAL && CAN_LOOP; i++) {
		struct shard *sh = shard_after(i);

		if (sh && !list_push(&sh->free_head[cls], ref & BPFDB_REF_MASK, link))
			return 0;
	}
	return -EBUSY;
}

/* A block of exactly this class from the list of one of `shards` shards, or 0. */
__noinline __u64 heap_take(__u32 cls, __u32 shards)
{
	struct control *ctl = control();

	if (!ctl || cls >= BPFDB_CLASSES)
		return 0;
	for (__u32 i = unknown_zero(); i < shards && i <= ctl->shard_mask && CAN_LOOP; i++) {
		struct shard *sh = shard_after(i);
		__u64 ref;

		if (!sh)
			return 0;
		ref = list_pop(&sh->free_head[cls]);
		if (ref)
			return ref;
	}
	return 0;
}

/* Memory never used before: a ref, 0 when the segments are used up. */
__noinline __u64 heap_extend(__u32 size)
{
	struct control *ctl = control();
	__u64 units = size / BPFDB_UNIT;

	if (!ctl)
		return 0;
	for (__u32 i = unknown_zero(); i < BPFDB_MAX_TRIES && CAN_LOOP; i++) {
		__u64 cursor = READ_ONCE(ctl->heap_cursor), start = cursor;
		__u64 left = BPFDB_SEGMENT_UNITS - cursor % BPFDB_SEGMENT_UNITS;

		if (units > left)
			start += left;
		if (start + units > READ_ONCE(ctl->heap_end))
			return 0;
		if (__sync_val_compare_and_swap(&ctl->heap_cursor, cursor, start + units) == cursor)
			return start;
	}
	return 0;
}

/* Puts the largest block that fits into bytes at ref on its list; its size. */
__noinline __u32 heap_carve(__u64 ref, __u32 bytes)
{
	__u32 cls = class_of(bytes);

	if (class_size(cls) > bytes && cls > 0)
		cls--;
	heap_put(ref, cls);
	return class_size(cls);
}

/*
 * The way out when the memory limit is reached: a free block from any shard, or a larger one,
 * split. The rest is cut into blocks, largest first.
 */
__noinline __u64 heap_split(__u32 cls)
{
	__u32 from = cls, rest;
	__u64 ref = heap_take(cls, BPFDB_MAX_SHARDS), at;

	while (!ref && ++from < BPFDB_CLASSES && CAN_LOOP)
		ref = heap_take(from, BPFDB_MAX_SHARDS);
	if (!ref)
		return 0;
	rest = class_size(from) - class_size(cls);
	at = ref + class_size(cls) / BPFDB_UNIT;
	for (__u32 i = unknown_zero(); i < HEAP_MAX_PIECES && rest >= FINE_STEP && CAN_LOOP; i++) {
		__u32 size = heap_carve(at, rest);

		at += size / BPFDB_UNIT;
		rest -= size;
	}
	return ref;
}

/*
 * A block of at least size bytes: its ref; -ENOSPC when user space has to add a segment
 * first; -ENOMEM at the memory limit. Any context.
 */
__noinline __s64 heap_alloc(__u32 size)
{
	struct control *ctl = control();
	struct shard *sh = shard();
	__u32 cls;
	__u64 ref;

	if (!ctl || !sh || size > BPFDB_MAX_BLOCK)
		return -EINVAL;
	cls = class_of(size);
	if (cls >= BPFDB_CLASSES)
		return -EINVAL;
	ref = list_pop(&sh->free_head[cls]);
	if (!ref)
		ref = heap_take(cls, HEAP_MAX_STEAL);
	if (!ref)
		ref = heap_extend(class_size(cls));
	if (!ref && READ_ONCE(ctl->heap_end) < ctl->heap_max) {
		count(COUNTER_GROW, 1);
		return -ENOSPC;
	}
	if (!ref)
		ref = heap_split(cls);
	if (!ref) {
		count(COUNTER_OOM, 1);
		return -ENOMEM;
	}
	__sync_fetch_and_add(&sh->used, class_size(cls));
	return ref;
}

/* Gives a block back. */
static __always_inline int heap_release(__u64 ref, __u32 cls)
{
	struct shard *sh = shard();
	int err = heap_put(ref, cls);

	if (sh && !err)
		__sync_fetch_and_add(&sh->used, -(__s64)class_size(cls));
	return err;
}

__noinline int heap_free(__u64 ref, __u32 cls)
{
	return heap_release(ref, cls);
}

#endif
