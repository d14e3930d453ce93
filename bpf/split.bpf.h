/* SPDX-License-Identifier: GPL-2.0 */
/* split.bpf.h - growing the index by one bucket at a time. */
#ifndef SPLIT_BPF_H
#define SPLIT_BPF_H

#include "store.bpf.h"

/* Most entries of one chain: the home bucket's and those of every overflow bucket. */
#define CHAIN_ENTRIES 64

/* Entries of the chain being split, and its overflow buckets, sorted for the two halves. */
struct split {
	__u64 entries[2][CHAIN_ENTRIES]; /* [0] stay, [1] move */
	__u64 blocks[BPFDB_MAX_CHAIN];
	__u64 block; /* where the next entry goes, as in slot numbers */
	__u32 slot;
	__u32 len[2];
	__u32 blocks_len, blocks_used;
};

static __always_inline struct split *split_at(struct scratch *s)
{
	return (struct split *)s->in; /* no request is in the area during maintenance */
}

/*
 * Sorts the entries of one bucket of the chain of `id` by hash bit `level`; block names it
 * as in slot numbers. Returns the next block of the chain, or 0.
 */
__noinline __u64 split_collect(struct scratch *s, __u64 id, __u64 block, __u32 level)
{
	struct bucket *b = block ? heap_at(block) : bucket_at(id);
	struct split *sp;
	__u32 slots;

	if (!s || !b || level < TAG_FIRST_BIT)
		return 0;
	sp = split_at(s);
	slots = b->word & WORD_OVERFLOW ? SLOT_LINK : BPFDB_BUCKET_SLOTS;
	for (__u32 i = 0; i < BPFDB_BUCKET_SLOTS; i++) {
		__u32 side = b->slot[i] >> (BPFDB_REF_BITS + level - TAG_FIRST_BIT) & 1;
		__u32 n = sp->len[side];

		if (i >= slots)
			break;
		if (b->slot[i] && n < CHAIN_ENTRIES) {
			sp->entries[side][n] = b->slot[i];
			sp->len[side] = n + 1;
		}
	}
	return slots == SLOT_LINK ? b->slot[SLOT_LINK] & BPFDB_REF_MASK : 0;
}

/*
 * Puts entry i of one half behind those before it: into the bucket sp->block of the chain
 * of `id` (0 = home), or when that is full and more follow, into a block of the old chain.
 */
__noinline int split_place(struct scratch *s, __u64 id, __u32 side, __u32 i)
{
	struct bucket *b;
	struct split *sp;
	__u32 used;

	if (!s || i >= CHAIN_ENTRIES)
		return -EINVAL;
	sp = split_at(s);
	side &= 1;
	b = sp->block ? heap_at(sp->block) : bucket_at(id);
	used = sp->blocks_used;
	if (!b || used > BPFDB_MAX_CHAIN)
		return -EINVAL;
	if (sp->slot == SLOT_LINK && sp->len[side] - i > 1 && used < BPFDB_MAX_CHAIN) {
		b->slot[SLOT_LINK] = sp->blocks[used];
		b->word |= WORD_OVERFLOW;
		sp->block = sp->blocks[used];
		sp->blocks_used = used + 1;
		sp->slot = 0;
		b = heap_at(sp->block);
		if (!b)
			return -EINVAL;
		__builtin_memset(b, 0, sizeof(*b));
	}
	if (sp->slot < BPFDB_BUCKET_SLOTS)
		b->slot[sp->slot] = sp->entries[side][i];
	sp->slot++;
	return 0;
}

/* Writes one half into bucket `id`, which keeps its word but for the overflow bit. */
__noinline int split_fill(struct scratch *s, __u64 id, __u32 side)
{
	struct bucket *b = bucket_at(id);
	struct split *sp;

	if (!s || !b)
		return -EINVAL;
	sp = split_at(s);
	sp->block = 0;
	sp->slot = 0;
	b->word &= ~WORD_OVERFLOW;
	for (__u32 i = 0; i < BPFDB_BUCKET_SLOTS; i++)
		b->slot[i] = 0;
	for (__u32 i = unknown_zero(); i < sp->len[side & 1] && CAN_LOOP; i++)
		split_place(s, id, side, i);
	return 0;
}

/*
 * Adds one bucket: splits the next in line. 0; -ENOSPC when its index segment does not
 * exist yet; -EBUSY when the bucket stayed locked.
 */
__noinline int index_split(struct scratch *s)
{
	struct control *ctl = control();
	struct bucket *from, *to;
	struct split *sp;
	__u64 state, next;
	__u32 n, level;

	if (!s || !ctl)
		return -EINVAL;
	sp = split_at(s);
	state = ctl->index_state;
	n = state;
	level = (state >> 32) & 31;
	to = bucket_at(n);
	from = bucket_at(n - (1ULL << level));
	if (!to || !from || level < TAG_FIRST_BIT)
		return -ENOSPC;
	if (bucket_lock(from))
		return -EBUSY;
	sp->len[0] = sp->len[1] = sp->blocks_len = sp->blocks_used = 0;
	next = split_collect(s, n - (1ULL << level), 0, level);
	for (__u32 i = 0; i < BPFDB_MAX_CHAIN && next; i++) {
		sp->blocks[i] = next;
		sp->blocks_len = i + 1;
		next = split_collect(s, 0, next, level);
	}
	to->word = 1ULL << WORD_VERSION_SHIFT;
	split_fill(s, n, 1);
	split_fill(s, n - (1ULL << level), 0);
	version_mark_like(ctl, n, n - (1ULL << level));
	barrier();
	if (n + 1 == 2ULL << level)
		level++;
	WRITE_ONCE(ctl->index_state, (__u64)level << 32 | (n + 1));
	bucket_unlock(from, 1);
	for (__u32 i = 0; i < BPFDB_MAX_CHAIN; i++) {
		if (i >= sp->blocks_used && i < sp->blocks_len) {
			heap_free(sp->blocks[i], class_of(sizeof(struct bucket)));
			overflow_count(-1);
		}
	}
	count(COUNTER_SPLITS, 1);
	return 0;
}

#endif
