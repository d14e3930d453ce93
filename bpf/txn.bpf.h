/* SPDX-License-Identifier: GPL-2.0 */
/*
 * txn.bpf.h - transactions: optimistic, validated at commit (after Silo, SOSP 2013).
 *
 * Reads note the version of the bucket they saw; writes stay private. Commit locks the
 * buckets it writes, checks that every bucket read is unchanged, takes one commit
 * timestamp and publishes all writes before it unlocks. Readers wait, boundedly, at a
 * locked bucket, so a commit becomes visible at one instant. Locks are only ever tried:
 * a transaction that cannot get one fails and is run again by its owner.
 */
#ifndef TXN_BPF_H
#define TXN_BPF_H

#include "record.bpf.h"

static __always_inline struct txn *txn_at(__u32 txn)
{
	__u32 i = txn - 1;

	return bpf_map_lookup_elem(&bpfdb_txns, &i);
}

/* Takes a transaction: its number (index + 1), or -EAGAIN when all are in use. */
__noinline int txn_begin(__u64 token)
{
	struct control *ctl = control();

	if (!ctl)
		return -EINVAL;
	for (__u32 i = unknown_zero(); i < BPFDB_MAX_TRIES && CAN_LOOP; i++) {
		__u64 old = READ_ONCE(ctl->txn_free);
		__u32 txn = old;
		struct txn *t = txn_at(txn);
		__u64 next;

		if (!t)
			return -EAGAIN;
		next = ((old >> 32) + 1) << 32 | READ_ONCE(t->next_free);
		if (__sync_val_compare_and_swap(&ctl->txn_free, old, next) != old)
			continue;
		t->token = token ? token : ~0ULL;
		t->doomed = 0;
		t->reads_len = 0;
		t->writes_len = 0;
		t->begin_ns = bpf_ktime_get_ns();
		t->flush_ts = READ_ONCE(ctl->flush_ts);
		return txn;
	}
	return -EAGAIN;
}

static __always_inline void txn_release(struct txn *t, __u32 txn)
{
	struct control *ctl = control();

	t->token = 0;
	for (__u32 i = unknown_zero(); ctl && i < BPFDB_MAX_TRIES && CAN_LOOP; i++) {
		__u64 old = READ_ONCE(ctl->txn_free);

		t->next_free = old;
		if (__sync_val_compare_and_swap(&ctl->txn_free, old,
						((old >> 32) + 1) << 32 | txn) == old)
			return;
	}
}

static __always_inline struct txn_write *txn_write_at(struct txn *t, __u32 i)
{
	if (i >= BPFDB_MAX_TXN_WRITES)
		return 0;
	opaque(i);
	return &t->writes[i & (BPFDB_MAX_TXN_WRITES - 1)];
}

/*
 * Looks the staged key up among the transaction's own writes: 1 = found there, 0 = not.
 * found.slot is then the number of the write.
 */
__noinline int txn_find_own(struct scratch *s)
{
	struct txn *t;

	if (!s)
		return -EINVAL;
	t = txn_at(s->txn);
	if (!t)
		return -EINVAL;
	s->found.own = 0;
	for (__u32 i = unknown_zero(); i < BPFDB_MAX_TXN_WRITES && i < t->writes_len && CAN_LOOP;
	     i++) {
		struct txn_write *w = txn_write_at(t, i);

		if (!w || w->hash != s->key.hash || !index_match(s, w->ref))
			continue;
		/* Its timestamp is not set yet: only a tombstone makes it absent. */
		struct record *rec = heap_at(w->ref);

		s->found.stale = rec && (rec->flags & BPFDB_RECORD_TOMBSTONE) ? 1 : 0;
		s->found.slot = i;
		s->found.own = 1;
		return 1;
	}
	return 0;
}

/* The transaction depends on what was found. */
__noinline int txn_add_read(struct scratch *s)
{
	struct txn *t;
	__u32 n;

	if (!s)
		return -EINVAL;
	t = txn_at(s->txn);
	if (!t)
		return -EINVAL;
	n = t->reads_len;
	if (n >= BPFDB_MAX_TXN_READS) {
		t->doomed = E2BIG;
		return -E2BIG;
	}
	t->reads[n].bucket = s->found.bucket;
	t->reads[n].word = s->found.word;
	t->reads_len = n + 1;
	return 0;
}

/* Adds a version of the staged key to the write set, or replaces the one that is there. */
__noinline int txn_add_write(struct scratch *s, __u64 ref)
{
	struct txn_write *w;
	struct txn *t;
	__u32 n;

	if (!s)
		return -EINVAL;
	t = txn_at(s->txn);
	if (!t)
		return -EINVAL;
	n = s->found.own ? s->found.slot : t->writes_len;
	w = txn_write_at(t, n);
	if (!w) {
		t->doomed = E2BIG;
		return -E2BIG;
	}
	if (s->found.own)
		record_free(w->ref);
	w->ref = ref;
	w->hash = s->key.hash;
	if (!s->found.own)
		t->writes_len = n + 1;
	return 0;
}

static __always_inline int txn_add_tombstone(struct scratch *s)
{
	struct record *rec;
	__s64 ref;
	int err;

	ref = kv_prepare(s, 0);
	if (ref < 0)
		return ref;
	rec = heap_at(ref);
	if (rec)
		rec->flags = BPFDB_RECORD_TOMBSTONE;
	err = txn_add_write(s, ref);
	if (err)
		record_free(ref);
	return err;
}

/* Locks the bucket of one write and finds or reserves its slot. 0, or a negative errno. */
__noinline int txn_lock(struct scratch *s, __u32 txn, __u32 i)
{
	struct txn *t = txn_at(txn);
	struct txn_write *w = t ? txn_write_at(t, i) : 0;
	int err;

	if (!s || !w)
		return -EINVAL;
	w->flags = BPFDB_WRITE_NOOP;
	w->old = 0;
	err = key_restage(s, w->ref, w->hash);
	for (__u32 try = unknown_zero(); !err && try < BPFDB_MAX_TRIES && CAN_LOOP; try++) {
		struct record *rec = heap_at(w->ref);
		struct bucket *home;
		__u64 word, block = 0, *place;
		int tombstone;

		err = index_find(s, txn);
		if (err)
			break;
		home = bucket_at(s->found.bucket);
		tombstone = rec && (rec->flags & BPFDB_RECORD_TOMBSTONE);
		if (!home)
			return -EINVAL;
		/*
		 * Deleting an absent key writes nothing; that it was absent is in the read
		 * set if anybody asked.
		 */
		if (tombstone && !s->found.ref) {
			if (index_unchanged(s))
				return 0;
			continue;
		}
		err = index_reserve(s, &block);
		if (err)
			break;
		word = s->found.word;
		w->slot = s->found.ref ? s->found.slot : block ? block << 3 | 1 : s->found.empty;
		place = slot_at(home, w->slot);
		if (!place || (!word_owner(word) &&
			       __sync_val_compare_and_swap(&home->word, word,
							   word_locked(word, txn)) != word)) {
			if (block)
				heap_free(block, class_of(sizeof(struct bucket)));
			continue;
		}
		if (block)
			index_link(s, home, block);
		w->bucket = s->found.bucket;
		w->old = s->found.ref;
		w->flags = (word_owner(word) ? 0 : BPFDB_WRITE_LOCKED) |
			   (s->found.ref ? 0 : BPFDB_WRITE_INSERTED);
		/* Takes the slot, so that the next insert into this bucket sees it used. */
		if (!s->found.ref)
			WRITE_ONCE(*place, slot_tag(w->hash) | w->ref);
		return 0;
	}
	return err ? err : -EBUSY;
}

/* Is the bucket of read i still as it was, or locked by this very transaction? 0 or -EAGAIN. */
__noinline int txn_check(__u32 txn, __u32 i)
{
	struct txn *t = txn_at(txn);
	struct txn_read *r;
	struct bucket *b;
	__u64 word;

	if (!t || i >= BPFDB_MAX_TXN_READS)
		return -EINVAL;
	r = &t->reads[i];
	b = bucket_at(r->bucket);
	if (!b)
		return -EINVAL;
#ifdef BPFDB_TEST_NO_VALIDATE /* a test's proof that its checks would notice */
	return 0;
#endif
	word = READ_ONCE(b->word);
	if (word >> WORD_VERSION_SHIFT != r->word >> WORD_VERSION_SHIFT)
		return -EAGAIN;
	return word_owner(word) && word_owner(word) != txn ? -EAGAIN : 0;
}

/* Publishes write i under timestamp ts, or with ts = 0 takes its reservation back. */
__noinline int txn_publish(__u32 txn, __u32 i, __u64 ts)
{
	struct txn *t = txn_at(txn);
	struct txn_write *w = t ? txn_write_at(t, i) : 0;
	struct bucket *home;
	struct record *rec;
	__u64 *place, entry;

	if (!w || w->flags & BPFDB_WRITE_NOOP)
		return 0;
	home = bucket_at(w->bucket);
	rec = heap_at(w->ref);
	place = home ? slot_at(home, w->slot) : 0;
	if (!rec || !place)
		return 0;
	/* A later write that had to link an overflow bucket may have moved the entry. */
	entry = slot_tag(w->hash) | (w->flags & BPFDB_WRITE_INSERTED ? w->ref : w->old);
	if (*place != entry) {
		place = slot_at(home, index_locate(w->bucket, entry));
		if (!place)
			return 0;
	}
	if (!ts) {
		if (w->flags & BPFDB_WRITE_INSERTED)
			WRITE_ONCE(*place, 0);
		return 0;
	}
	rec->commit_ts = ts;
	barrier();
	if (rec->flags & BPFDB_RECORD_TOMBSTONE)
		WRITE_ONCE(*place, 0);
	else
		WRITE_ONCE(*place, slot_tag(w->hash) | w->ref);
	return 0;
}

__noinline int txn_unlock(__u32 txn, __u32 i)
{
	struct txn *t = txn_at(txn);
	struct txn_write *w = t ? txn_write_at(t, i) : 0;
	struct bucket *home;

	if (!w || !(w->flags & BPFDB_WRITE_LOCKED))
		return 0;
	home = bucket_at(w->bucket);
	if (home)
		WRITE_ONCE(home->word, word_next(READ_ONCE(home->word)));
	return 0;
}

/*
 * Frees what write i replaced or, when the transaction failed, its version. Returns by how
 * much the number of keys changed.
 */
__noinline int txn_retire(__u32 txn, __u32 i, int committed)
{
	struct txn *t = txn_at(txn);
	struct txn_write *w = t ? txn_write_at(t, i) : 0;
	struct record *rec = w ? heap_at(w->ref) : 0;
	int tombstone;

	if (!rec)
		return 0;
	tombstone = rec->flags & BPFDB_RECORD_TOMBSTONE;
	if (!committed || tombstone)
		record_free(w->ref);
	if (!committed || w->flags & BPFDB_WRITE_NOOP)
		return 0;
	if (w->old)
		record_free(w->old);
	return tombstone ? -1 : w->old ? 0 : 1;
}

/* Ends the transaction's life: its first `locked` writes hold locks, ts = 0 undoes them. */
__noinline int txn_end(__u32 txn, __u32 locked, __u64 ts)
{
	struct txn *t = txn_at(txn);
	struct shard *sh = shard();
	__s64 keys = 0;

	if (!t)
		return -EINVAL;
	for (__u32 i = unknown_zero(); i < BPFDB_MAX_TXN_WRITES && i < locked && CAN_LOOP; i++)
		txn_publish(txn, i, ts);
	barrier();
	for (__u32 i = unknown_zero(); i < BPFDB_MAX_TXN_WRITES && i < locked && CAN_LOOP; i++)
		txn_unlock(txn, i);
	for (__u32 i = unknown_zero(); i < BPFDB_MAX_TXN_WRITES && i < t->writes_len && CAN_LOOP;
	     i++)
		keys += txn_retire(txn, i, ts != 0);
	if (sh && keys)
		__sync_fetch_and_add(&sh->keys, keys);
	txn_release(t, txn);
	return 0;
}

/*
 * Commits and ends the transaction. 0; -EAGAIN: another commit changed what it read or
 * held what it writes, run it again; -ENOMEM, -ENOSPC, -E2BIG: a limit. After an error
 * none of its writes happened. Overwrites the staged key.
 */
__noinline int txn_commit(struct scratch *s, __u32 txn)
{
	struct txn *t = txn_at(txn);
	struct control *ctl = control();
	__u32 locked = 0;
	__u64 ts = 0;
	int err = 0;

	if (!s || !t || !ctl)
		return -EINVAL;
	err = -(int)t->doomed;
	for (; !err && locked < BPFDB_MAX_TXN_WRITES && locked < t->writes_len && CAN_LOOP;
	     locked++) {
		err = txn_lock(s, txn, locked);
		if (err)
			break;
	}
	for (__u32 i = unknown_zero();
	     !err && i < BPFDB_MAX_TXN_READS && i < t->reads_len && CAN_LOOP; i++)
		err = txn_check(txn, i);
	if (!err && t->writes_len)
		ts = __sync_fetch_and_add(&ctl->clock, 1) + 1;
	/* Only after taking ts: a FLUSHALL that starts now gets a later one and covers us. */
	if (!err && READ_ONCE(ctl->flush_ts) != t->flush_ts) {
		err = -EAGAIN;
		ts = 0;
	}
	txn_end(txn, locked, ts);
	count(err ? COUNTER_CONFLICTS : COUNTER_COMMITS, 1);
	return err == -EBUSY ? -EAGAIN : err;
}

/* Ends the transaction; nothing of it happened. */
__noinline int txn_abort(__u32 txn)
{
	if (txn_end(txn, 0, 0))
		return -EINVAL;
	count(COUNTER_ABORTS, 1);
	return 0;
}

#endif
