/* SPDX-License-Identifier: GPL-2.0 */
/* txn_lock.bpf.h - locks the buckets of what a transaction is going to write. */
#ifndef TXN_LOCK_BPF_H
#define TXN_LOCK_BPF_H

#include "txn_log.bpf.h"

#define TXN_IMPATIENT_TRIES 32 /* looks at a locked bucket that is out of order */

/* What there is to know of a write before its bucket is locked. */
static __always_inline __u32 txn_write_flags(struct scratch *s)
{
	if (!s->found.ref)
		return BPFDB_WRITE_INSERTED;
	return s->found.stale & FOUND_UNCOUNTED ? BPFDB_WRITE_REVIVED : 0;
}

/*
 * How long to wait for a bucket that somebody else has locked. Commits that wait only
 * upwards cannot wait in a circle; the other way a lock is hardly more than tried.
 */
static __always_inline __u32 txn_patience(struct txn *t, __u64 hash)
{
	struct control *ctl = control();

	return ctl && bucket_id(READ_ONCE(ctl->index_state), hash) > t->locked_max
		       ? BPFDB_MAX_TRIES
		       : TXN_IMPATIENT_TRIES;
}

/*
 * Tries to lock the bucket of one write and to find or reserve its slot. 0; 1: somebody was faster, try again;
 * or a negative errno. One attempt, lest the verifier walk two loops, one inside the other.
 */
__noinline int txn_lock(struct scratch *s, __u32 txn, __u32 i)
{
	struct txn *t = txn_at(txn);
	struct txn_write *w = t ? txn_write_at(t, i) : 0;
	__u64 word, block = 0, *place;
	struct bucket *home;
	struct record *rec;
	int err, tombstone;

	if (!s || !w)
		return -EINVAL;
	w->flags = BPFDB_WRITE_NOOP;
	w->old = 0;
	err = key_restage(s, w->ref, w->hash);
	if (err)
		return err;
	rec = heap_at(w->ref);
	err = index_lookup(s, txn, txn_patience(t, w->hash));
	if (err)
		return err;
	home = bucket_at(s->found.bucket);
	tombstone = rec && (rec->flags & BPFDB_RECORD_TOMBSTONE);
	if (!home)
		return -EINVAL;
	/* Deleting an absent key writes nothing; that it was absent is in the read set if anybody asked. */
	if (tombstone && (!s->found.ref || s->found.stale)) {
		w->flags = BPFDB_WRITE_NOOP | BPFDB_WRITE_DELETES;
		return !index_unchanged(s);
	}
	err = index_reserve(s, &block);
	if (err)
		return err;
	word = s->found.word;
	w->slot = s->found.ref ? s->found.slot : block ? block << 3 | 1 : s->found.empty;
	place = slot_at(home, w->slot);
	if (!place ||
	    (!word_owner(word) &&
	     __sync_val_compare_and_swap(&home->word, word, word_locked(word, txn)) != word)) {
		if (block)
			heap_free(block, class_of(sizeof(struct bucket)));
		return 1;
	}
	if (block)
		index_link(s, home, block);
	w->bucket = s->found.bucket;
	if (w->bucket > t->locked_max)
		t->locked_max = w->bucket;
	w->old = s->found.ref;
	w->flags = (word_owner(word) ? 0 : BPFDB_WRITE_LOCKED) | txn_write_flags(s) |
		   (tombstone ? BPFDB_WRITE_DELETES : 0);
	/* Takes the slot, so that the next insert into this bucket sees it used. */
	if (!s->found.ref)
		WRITE_ONCE(*place, slot_tag(w->hash) | w->ref);
	if (rec)
		t->log_bytes += log_entry_bytes(rec->key_len, rec->value_len);
	return 0;
}

/* Locks the buckets of all writes, of which *locked are then locked. 0 or a negative errno. */
static __always_inline int txn_lock_all(struct scratch *s, struct txn *t, __u32 txn, __u32 *locked)
{
	__u32 tries = unknown_zero();

	while (*locked < BPFDB_MAX_TXN_WRITES && *locked < t->writes_len && CAN_LOOP) {
		int err = txn_lock(s, txn, *locked);

		if (err < 0)
			return err;
		if (!err)
			++*locked;
		else if (++tries >= BPFDB_MAX_TRIES)
			return -EBUSY;
	}
	return 0;
}

#endif
