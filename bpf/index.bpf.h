/* SPDX-License-Identifier: GPL-2.0 */
/*
 * index.bpf.h - linear hashing (Litwin, VLDB 1980) over one-cache-line buckets.
 *
 * Readers take no lock: they look at a bucket's word, search, and whoever acts on the
 * answer checks that the word is still the same. Buckets that have not been split yet
 * hold the keys of two; control.index_state says which those are.
 */
#ifndef INDEX_BPF_H
#define INDEX_BPF_H

#include "log.bpf.h"

#define WORD_OVERFLOW 1ULL
#define WORD_OWNER_SHIFT 1
#define WORD_OWNER_MASK 0xfffeULL
#define WORD_VERSION_SHIFT 16
#define OWNER_SINGLE 0x7fff /* any operator that locks one bucket only */

#define TAG_FIRST_BIT 16 /* lowest hash bit in a slot's tag; the index never has fewer buckets */
#define SLOT_NONE (~0ULL)
#define SLOT_LINK (BPFDB_BUCKET_SLOTS - 1) /* the slot that may hold an overflow link */

static __always_inline __u64 word_locked(__u64 word, __u64 owner)
{
	return word | owner << WORD_OWNER_SHIFT;
}

static __always_inline __u64 word_owner(__u64 word)
{
	return (word & WORD_OWNER_MASK) >> WORD_OWNER_SHIFT;
}

static __always_inline __u64 word_next(__u64 word)
{
	return (((word >> WORD_VERSION_SHIFT) + 1) << WORD_VERSION_SHIFT) | (word & WORD_OVERFLOW);
}

static __always_inline __u64 slot_tag(__u64 hash)
{
	return hash >> TAG_FIRST_BIT << BPFDB_REF_BITS;
}

static __always_inline __u64 bucket_id(__u64 state, __u64 hash)
{
	__u32 level = (state >> 32) & 31;
	__u64 id = hash & ((2ULL << level) - 1);

	if (id >= (__u32)state)
		id &= (1ULL << level) - 1;
	return id;
}

/* Flags of a version that is the latest and yet no key: it counts among the versions kept. */
#define RECORD_UNCOUNTED (BPFDB_RECORD_TOMBSTONE | BPFDB_RECORD_FLUSHED)

/* FOUND_*: why the latest version does not make its key exist, if a FLUSHALL was at flush_ts. */
static __always_inline __u32 record_stale(struct record *rec, __u64 flush_ts)
{
	return (rec->flags & RECORD_UNCOUNTED ? FOUND_UNCOUNTED : 0) |
	       (rec->commit_ts <= flush_ts ? FOUND_FLUSHED : 0);
}

/* Is the record at ref a version of the staged key? Notes it in s->found if so. */
static __always_inline int index_compare(struct scratch *s, __u64 ref)
{
	struct record *rec = heap_at(ref);
	__u64 difference = 0;
	__u32 words;

	if (!rec || rec->key_len != s->key.len)
		return 0;
	words = (s->key.len + 7) / 8;
	/* No way out on a difference: one path for the verifier, and tags rarely lie. */
	for (__u32 i = 0; i < BPFDB_KEY_WORDS && i < words; i++)
		difference |= ((__u64 *)rec->data)[i] ^ s->key.words[i];
	if (difference)
		return 0;
	s->found.ref = ref & BPFDB_REF_MASK;
	s->found.value_len = rec->value_len;
	s->found.commit_ts = rec->commit_ts;
	s->found.older = rec->older;
	s->found.stale = record_stale(rec, s->found.flush_ts);
	return 1;
}

__noinline int index_match(struct scratch *s, __u64 ref)
{
	return s ? index_compare(s, ref) : 0;
}

/* Slots of a bucket that hold entries: its last one may be a link. */
static __always_inline __u32 bucket_slots(__u64 word)
{
	return word & WORD_OVERFLOW ? SLOT_LINK : BPFDB_BUCKET_SLOTS;
}

/*
 * Searches one bucket of the chain of s->found.bucket, `block` naming it in slot numbers:
 * 1 = found. Notes the first empty slot.
 */
__noinline int index_search(struct scratch *s, __u64 block, __u32 slots)
{
	struct bucket *b;
	__u64 tag;

	if (!s)
		return 0;
	b = block ? heap_at(block) : bucket_at(s->found.bucket);
	if (!b)
		return 0;
	tag = slot_tag(s->key.hash);
	for (__u32 i = 0; i < BPFDB_BUCKET_SLOTS; i++) {
		__u64 slot;

		if (i >= slots)
			break;
		slot = READ_ONCE(b->slot[i]);
		if (!slot) {
			if (s->found.empty == SLOT_NONE)
				s->found.empty = block << 3 | i;
		} else if ((slot & ~BPFDB_REF_MASK) == tag && index_match(s, slot)) {
			s->found.slot = block << 3 | i;
			return 1;
		}
	}
	return 0;
}

/* Searches the overflow buckets from `block` on. */
__noinline int index_search_chain(struct scratch *s, __u64 block)
{
	if (!s)
		return 0;
	for (__u32 i = 0; i < BPFDB_MAX_CHAIN; i++) {
		struct bucket *b;
		__u64 word;

		block &= BPFDB_REF_MASK;
		b = heap_at(block);
		if (!b)
			return 0;
		word = READ_ONCE(b->word);
		s->found.chain = i + 1;
		s->found.last = block;
		if (index_search(s, block, bucket_slots(word)))
			return 1;
		if (!(word & WORD_OVERFLOW))
			return 0;
		block = READ_ONCE(b->slot[SLOT_LINK]);
	}
	return 0;
}

/* The slot of the first entry in a home bucket whose tag fits the hash, or 0. */
static __always_inline __u64 bucket_candidate(struct bucket *b, __u64 hash)
{
	__u64 tag = slot_tag(hash);

	for (__u32 i = 0; i < BPFDB_BUCKET_SLOTS; i++) {
		__u64 slot = READ_ONCE(b->slot[i]);

		if (slot - tag - 1 < BPFDB_REF_MASK)
			return slot;
	}
	return 0;
}

/*
 * The common case of a search, without a call (a call's return costs some 10 ns where
 * the kernel guards returns): the first entry of the home bucket with the right tag is it.
 */
static __always_inline int index_hit(struct scratch *s, struct bucket *b, __u64 word)
{
	__u64 tag = slot_tag(s->key.hash), hit = 0;

	for (__u32 i = 0; i < BPFDB_BUCKET_SLOTS; i++) {
		__u64 slot = READ_ONCE(b->slot[i]);

		if (slot - tag - 1 < BPFDB_REF_MASK && (i < SLOT_LINK || !(word & WORD_OVERFLOW))) {
			hit = slot;
			s->found.slot = i;
			break;
		}
	}
	return hit && index_compare(s, hit);
}

/*
 * Second step of a FLUSHALL: takes its timestamp. Whoever meets one between its steps does
 * that for it, else a write could come after a read that saw the flush and still be flushed.
 */
static __always_inline void flush_finish(struct control *ctl)
{
	/* Any log has room for one line: this is what BPFDB_LOG_HEADROOM is for. */
	__u64 ts = __sync_fetch_and_add(&ctl->clock, 1) + 1;
	int taken = __sync_val_compare_and_swap(&ctl->flush_ts, ~0ULL, ts) == ~0ULL;

	if (!log_on(ctl))
		return;
	if (taken)
		log_flush(ts);
	else
		log_finish(ts, 1, 0, 0);
}

/*
 * Looks the staged key up: fills s->found, which holds as long as the bucket's word is
 * found.word. Looks again, `tries` times at most, while somebody else than `owner` has the
 * bucket locked. 0, or -EBUSY.
 */
static __always_inline int index_lookup(struct scratch *s, __u64 owner, __u32 tries)
{
	struct control *ctl = control();

	if (!ctl)
		return -EINVAL;
	for (__u32 i = unknown_zero(); i < tries && CAN_LOOP; i++) {
		__u64 state = READ_ONCE(ctl->index_state), word, id;
		struct bucket *b;

		id = bucket_id(state, s->key.hash);
		b = bucket_at(id);
		if (!b)
			return -EINVAL;
		word = READ_ONCE(b->word);
		if (word_owner(word) && word_owner(word) != owner)
			continue;
		barrier();
		/* A split that ended before we read the word took the key elsewhere. */
		if (READ_ONCE(ctl->index_state) != state)
			continue;
		s->found.flush_ts = READ_ONCE(ctl->flush_ts);
		if (s->found.flush_ts == ~0ULL) {
			flush_finish(ctl);
			continue;
		}
		s->found.bucket = id;
		s->found.word = word;
		s->found.ref = 0;
		s->found.empty = SLOT_NONE;
		s->found.last = 0;
		s->found.chain = 0;
		s->found.value_len = 0;
		s->found.stale = 0;
		s->found.own = 0;
		s->found.behind = 0;
		if (!index_hit(s, b, word) && !index_search(s, 0, bucket_slots(word)) &&
		    (word & WORD_OVERFLOW))
			index_search_chain(s, READ_ONCE(b->slot[SLOT_LINK]));
		if (i)
			count(COUNTER_READ_RETRIES, i);
		return 0;
	}
	count(COUNTER_BUSY, 1);
	return -EBUSY;
}

/* Does what index_lookup saw still hold? */
static __always_inline int index_unchanged(struct scratch *s)
{
	struct bucket *b = bucket_at(s->found.bucket);
	struct control *ctl = control();

	barrier();
	return b && ctl && READ_ONCE(b->word) == s->found.word &&
	       READ_ONCE(ctl->flush_ts) == s->found.flush_ts;
}

static __always_inline void overflow_count(__s64 n)
{
	struct shard *sh = shard();

	if (sh)
		__sync_fetch_and_add(&sh->overflow, n);
}

/* Links a new, empty overflow bucket behind the chain; the home bucket is locked. */
static __always_inline void index_link(struct scratch *s, struct bucket *home, __u64 block)
{
	struct bucket *last = s->found.last ? heap_at(s->found.last) : home;
	struct bucket *b = heap_at(block);

	if (!last || !b)
		return;
	b->word = 0;
	b->slot[0] = last->slot[SLOT_LINK];
	for (int i = 1; i < BPFDB_BUCKET_SLOTS; i++)
		b->slot[i] = 0;
	barrier();
	last->slot[SLOT_LINK] = block;
	last->word |= WORD_OVERFLOW;
	overflow_count(1);
}

/*
 * Reserves a place for a key that was not found: the empty slot seen, or a new overflow
 * bucket, allocated before the lock. Returns 0 with *block = 0 or the bucket to link.
 */
static __always_inline int index_reserve(struct scratch *s, __u64 *block)
{
	__s64 ref;

	*block = 0;
	if (s->found.ref || s->found.empty != SLOT_NONE)
		return 0;
	if (s->found.chain >= BPFDB_MAX_CHAIN) {
		struct control *ctl = control();

		return ctl && (__u32)ctl->index_state < ctl->index_max ? -ENOSPC : -ENOMEM;
	}
	ref = heap_alloc(sizeof(struct bucket));
	if (ref < 0)
		return ref;
	*block = ref;
	return 0;
}

/* The slot's memory. slot is block << 3 | number, as in s->found. */
static __always_inline __u64 *slot_at(struct bucket *home, __u64 slot)
{
	struct bucket *b = slot >> 3 ? heap_at(slot >> 3) : home;
	__u32 i = slot & 7;

	opaque(i);
	if (!b || i >= BPFDB_BUCKET_SLOTS)
		return 0;
	opaque(i);
	return &b->slot[i];
}

/* Locks a bucket: 0, or -EBUSY when others kept it locked. */
static __always_inline int bucket_lock(struct bucket *b)
{
	for (__u32 i = unknown_zero(); i < BPFDB_MAX_TRIES && CAN_LOOP; i++) {
		__u64 word = READ_ONCE(b->word);

		if (!word_owner(word) &&
		    __sync_val_compare_and_swap(&b->word, word, word_locked(word, OWNER_SINGLE)) ==
			    word)
			return 0;
	}
	return -EBUSY;
}

/* An unlock without a change leaves what was read before valid. */
static __always_inline void bucket_unlock(struct bucket *b, int changed)
{
	__u64 word = READ_ONCE(b->word);

	barrier();
	WRITE_ONCE(b->word, changed ? word_next(word) : word & ~WORD_OWNER_MASK);
}

/*
 * The first slot of bucket `id`'s chain that holds `entry` in the bits of mask, or
 * SLOT_NONE. The caller has the bucket locked, or checks afterwards that its word is the same.
 */
__noinline __u64 index_locate(__u64 id, __u64 entry, __u64 mask)
{
	__u64 block = 0;

	for (__u32 i = 0; i <= BPFDB_MAX_CHAIN; i++) {
		struct bucket *b = block ? heap_at(block) : bucket_at(id);

		if (!b)
			return SLOT_NONE;
		for (__u32 j = 0; j < BPFDB_BUCKET_SLOTS; j++)
			if (b->slot[j] && !((b->slot[j] ^ entry) & mask))
				return block << 3 | j;
		if (!(b->word & WORD_OVERFLOW))
			return SLOT_NONE;
		block = b->slot[SLOT_LINK] & BPFDB_REF_MASK;
	}
	return SLOT_NONE;
}

#endif
