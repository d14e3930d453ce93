/* SPDX-License-Identifier: GPL-2.0 */
/*
 * store.bpf.h - operators on the key staged in s->key.
 *
 * Every operator is optimistic: kv_find notes what it saw in s->found, and what follows
 * either still holds for that very state of the bucket or answers -EAGAIN, on which the
 * caller starts again from kv_find, at most BPFDB_MAX_TRIES times. With s->txn set the same
 * calls read through the transaction's writes and join its read and write sets.
 *
 *   int key_stage(s, off, len)          stage in[off..off+len) as the key; -EINVAL if too long
 *   int kv_find(s)                      fill s->found; 0, or -EBUSY
 *   int kv_fetch(s, out_off)            copy the found value to out[out_off..); 0 or -EAGAIN;
 *                                       with nothing found: only check that this still holds
 *   __s64 kv_prepare(s, value_len)      ref of a new version of the key with room for its value;
 *                                       -ENOMEM at the memory limit, -ENOSPC when the heap must grow
 *   int kv_fill(s, ref, at, off, len)   its value[at..) = in[off..off+len); at is a multiple of 8,
 *                                       or the fill goes byte by byte
 *   int kv_carry(s, ref)                its value[0..) = the found value (APPEND); 0 or -EAGAIN
 *   int kv_put(s, ref)                  install it in place of what was found; 0, -EAGAIN, -ENOMEM,
 *                                       -ENOSPC; on any error the caller still owns ref
 *   void kv_drop(ref)                   give back a version that was not installed
 *   int kv_set(s, off, len)             blind write of in[off..off+len): the whole of the above
 *   int kv_delete(s)                    remove what was found: 1, 0 when nothing was there, -EAGAIN
 *
 * s->found.ref && !s->found.stale means the key exists: kv_exists(s). -E2BIG from any of
 * them: the transaction's read or write set is full.
 */
#ifndef STORE_BPF_H
#define STORE_BPF_H

#include "txn_commit.bpf.h"

#define CACHE_LINE 64

static __always_inline int kv_exists(struct scratch *s)
{
	return s->found.ref && !s->found.stale;
}

static __always_inline int store_find(struct scratch *s)
{
	int err = s->txn ? txn_find_own(s) : 0;

	if (err)
		return err < 0 ? err : 0;
	err = index_lookup(s, 0, BPFDB_MAX_TRIES);
	return err || !s->txn ? err : txn_select(s);
}

__noinline int kv_find(struct scratch *s)
{
	return s ? store_find(s) : -EINVAL;
}

/* The end of every read: the answer counts only if the bucket did not change under it. */
static __always_inline int kv_confirm(struct scratch *s)
{
	struct control *ctl = control();

	if (s->found.own)
		return 0;
	if (!ctl || !index_unchanged(s))
		return -EAGAIN;
	/* Of an absent key nothing says when it was deleted: any commit may have done it. */
	if (ctl->log_sync)
		log_depend(s, kv_exists(s) ? s->found.commit_ts : READ_ONCE(ctl->clock));
	return s->txn ? txn_add_read(s) : 0;
}

static __always_inline int store_fetch(struct scratch *s, __u32 out_off)
{
	struct record *rec;
	__u32 len;

	if (kv_exists(s)) {
		rec = heap_at(s->found.ref);
		if (!rec)
			return -EAGAIN;
		len = s->found.value_len;
		if (len > BPFDB_MAX_VALUE)
			return -EAGAIN;
		copy_bytes(s->out + (out_off & BPFDB_OUT_MASK), record_value(s, rec), len);
	}
	return kv_confirm(s);
}

__noinline int kv_fetch(struct scratch *s, __u32 out_off)
{
	return s ? store_fetch(s, out_off) : -EINVAL;
}

__noinline int kv_carry(struct scratch *s, __u64 ref)
{
	struct record *from, *to = heap_at(ref);
	__u32 len;

	if (!s || !to)
		return -EINVAL;
	if (kv_exists(s)) {
		from = heap_at(s->found.ref);
		len = s->found.value_len;
		if (!from || len > BPFDB_MAX_VALUE || len > to->value_len)
			return -EAGAIN;
		copy_bytes(record_value(s, to), record_value(s, from), len);
	}
	if (!s->found.own && !index_unchanged(s))
		return -EAGAIN;
	return 0;
}

/* Is there more to do about what is replaced than to free it? Hardly ever without snapshots. */
static __always_inline int store_replaces(struct control *ctl, struct scratch *s)
{
	return s->found.ref &&
	       (READ_ONCE(ctl->snapshots) || s->found.older || s->found.stale & FOUND_UNCOUNTED);
}

/* Logs what store_install did under timestamp ts, its bucket still being locked. */
static __always_inline void store_log(struct scratch *s, __u64 ts, __u32 lines, __u64 ref, int err)
{
	struct record *rec = ref ? heap_at(ref) : 0;

	if (err)
		log_finish(ts, lines, 0, 0);
	else if (rec && !(rec->flags & BPFDB_RECORD_TOMBSTONE))
		log_one(ts, lines, ref, LOG_SET);
	else
		log_one(ts, lines, s->found.ref, LOG_DELETE);
	log_depend(s, ts);
}

/*
 * Publishes ref (0 = remove the key) in place of what was found, if the bucket is still as
 * it was. The lock is held for a dozen instructions: everything was looked up before.
 */
static __always_inline int store_install(struct scratch *s, __u64 ref)
{
	struct record *rec = ref ? heap_at(ref) : 0;
	struct bucket *home = bucket_at(s->found.bucket);
	struct control *ctl = control();
	__u64 word = s->found.word, block = 0, slot, ts, *place;
	__u32 lines;
	int err;

	if (!home || !ctl || (ref && !rec))
		return -EINVAL;
	err = index_reserve(s, &block);
	if (err)
		return err;
	slot = s->found.ref ? s->found.slot : block ? block << 3 | 1 : s->found.empty;
	place = slot_at(home, slot);
	if (!place)
		return -EAGAIN;
	if (__sync_val_compare_and_swap(&home->word, word, word_locked(word, OWNER_SINGLE)) !=
	    word) {
		if (block)
			heap_free(block, class_of(sizeof(struct bucket)));
		count(COUNTER_WRITE_RETRIES, 1);
		return -EAGAIN;
	}
	if (block)
		index_link(s, home, block);
	s->found.kept = 0;
	lines = log_lines(log_entry_bytes(s->key.len, rec ? rec->value_len : 0));
	ts = log_reserve(ctl, lines);
	/* Only after taking ts: a FLUSHALL that starts now gets a later one and covers us. */
	if (!ts) {
		err = log_refusal(ctl);
	} else if (READ_ONCE(ctl->flush_ts) != s->found.flush_ts) {
		err = -EAGAIN;
	} else if (rec) {
		rec->commit_ts = ts;
		if (store_replaces(ctl, s))
			s->found.kept = version_link(ctl, rec, s->found.ref, s->found.bucket);
		if (rec->flags & BPFDB_RECORD_TOMBSTONE) {
			version_count(1);
			version_mark(ctl, s->found.bucket);
		}
		barrier();
		WRITE_ONCE(*place, slot_tag(s->key.hash) | ref);
	} else if (version_needed(ctl, s->found.commit_ts)) {
		err = -EAGAIN;
	} else {
		WRITE_ONCE(*place, 0);
	}
	if (ts && log_on(ctl))
		store_log(s, ts, lines, ref, err);
	barrier();
	WRITE_ONCE(home->word, word_next(READ_ONCE(home->word)));
	return err;
}

/* Frees what an install replaced, unless a snapshot needs it, and keeps the number of keys. */
static __always_inline void store_retire(struct scratch *s, __s64 keys)
{
	if (keys)
		keys_count(keys);
	if (s->found.ref && !s->found.kept)
		record_free(s->found.ref);
}

/* By how much a put changes the number of keys; flushed ones count until they are pruned. */
static __always_inline __s64 store_added(struct scratch *s)
{
	return !s->found.ref || s->found.stale & FOUND_UNCOUNTED;
}

/*
 * Removes what was found: at once, or behind a tombstone when a snapshot needs it or an older
 * version. A snapshot that begins meanwhile makes it -EAGAIN.
 */
static __always_inline int store_remove(struct scratch *s)
{
	struct control *ctl = control();
	__s64 ref = 0;
	int err;

	if (!ctl)
		return -EINVAL;
	if (s->found.older || version_needed(ctl, s->found.commit_ts)) {
		ref = tombstone_prepare(s);
		if (ref < 0)
			return ref;
	}
	err = store_install(s, ref);
	if (!err)
		store_retire(s, -1);
	else if (ref)
		record_free(ref);
	return err;
}

__noinline int kv_put(struct scratch *s, __u64 ref)
{
	int err;

	if (!s)
		return -EINVAL;
	if (s->txn) {
		if (!s->found.own) {
			if (!index_unchanged(s))
				return -EAGAIN;
			err = txn_add_read(s);
			if (err)
				return err;
		}
		return txn_add_write(s, ref);
	}
	err = store_install(s, ref);
	if (err)
		return err;
	store_retire(s, store_added(s));
	return 0;
}

__noinline int kv_delete(struct scratch *s)
{
	int err;

	if (!s)
		return -EINVAL;
	if (!kv_exists(s))
		return kv_confirm(s);
	if (s->txn) {
		err = kv_confirm(s);
		if (!err)
			err = txn_add_tombstone(s);
	} else {
		err = store_remove(s);
	}
	return err ? err : 1;
}

__noinline int kv_set(struct scratch *s, __u32 off, __u32 len)
{
	int err = -EINVAL;
	__s64 ref;

	if (!s)
		return err;
	ref = kv_prepare(s, len);
	if (ref < 0)
		return ref;
	kv_fill(s, ref, 0, off, len);
	if (s->txn) {
		err = txn_find_own(s);
		if (err >= 0)
			err = txn_add_write(s, ref);
	} else {
		for (__u32 i = unknown_zero(); i < BPFDB_MAX_TRIES && CAN_LOOP; i++) {
			err = index_lookup(s, 0, BPFDB_MAX_TRIES);
			if (!err)
				err = store_install(s, ref);
			if (err != -EAGAIN)
				break;
		}
		if (!err)
			store_retire(s, store_added(s));
		if (err == -EAGAIN)
			err = -EBUSY;
	}
	if (err < 0) {
		record_free(ref);
		return err;
	}
	return 0;
}

/* Keys in the store, with those a FLUSHALL has not swept yet. */
__noinline __s64 kv_count(void)
{
	struct control *ctl = control();
	__s64 keys = 0;

	if (!ctl)
		return 0;
	for (__u32 i = 0; i < BPFDB_MAX_SHARDS && i <= ctl->shard_mask; i++) {
		__u32 id = i;
		struct shard *sh = bpf_map_lookup_elem(&bpfdb_shards, &id);

		if (sh)
			keys += READ_ONCE(sh->keys);
	}
	return keys;
}

/*
 * Fetches the memory that the keys whose hashes are in s->ahead are about to need. A table
 * larger than the cache costs two misses a key, the bucket and then its record, each longer
 * than a whole operation on cached data; for a batch they are better taken side by side.
 * The processor overlaps them only if they are few instructions apart: hence the pointers
 * kept on the stack, which the unrolled loops do not look up twice.
 */
__noinline int kv_prefetch(struct scratch *s)
{
	struct bucket *buckets[BPFDB_PREFETCH];
	struct control *ctl = control();
	__u64 state;

	if (!s || !ctl)
		return -EINVAL;
	state = READ_ONCE(ctl->index_state);
#pragma unroll
	for (int i = 0; i < BPFDB_PREFETCH; i++) {
		buckets[i] = bucket_at(bucket_id(state, s->ahead[i]));
		if (!buckets[i])
			return -EINVAL;
		READ_ONCE(buckets[i]->word);
	}
#pragma unroll
	for (int i = 0; i < BPFDB_PREFETCH; i++) {
		char *rec = heap_at(bucket_candidate(buckets[i], s->ahead[i]));

		if (!rec)
			continue;
		READ_ONCE(rec[0]);
		READ_ONCE(rec[CACHE_LINE]);
		READ_ONCE(rec[2 * CACHE_LINE]);
	}
	return 0;
}

#endif
