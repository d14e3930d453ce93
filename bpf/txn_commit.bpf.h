/* SPDX-License-Identifier: GPL-2.0 */
/* txn_commit.bpf.h - the end of a transaction: validate, publish, unlock, free. */
#ifndef TXN_COMMIT_BPF_H
#define TXN_COMMIT_BPF_H

#include "txn_lock.bpf.h"

/*
 * The bucket changed since read i, which may have been about another key: is the version that
 * was read, or its absence, still the latest? 0 or -EAGAIN.
 */
__noinline int txn_check_version(__u32 txn, struct txn_read *r)
{
	struct control *ctl = control();
	__u64 state, word, id, entry, slot, *place;
	struct bucket *b;
	struct record *rec;

	if (!r || !ctl)
		return -EINVAL;
	state = READ_ONCE(ctl->index_state);
	id = bucket_id(state, r->hash);
	b = bucket_at(id);
	if (!b)
		return -EINVAL;
	word = READ_ONCE(b->word);
	barrier();
	if ((word_owner(word) && word_owner(word) != txn) || READ_ONCE(ctl->index_state) != state)
		return -EAGAIN;
	entry = slot_tag(r->hash) | r->ref;
	slot = index_locate(id, entry, r->ref ? ~0ULL : ~BPFDB_REF_MASK);
	place = slot_at(b, slot);
	/* Absent: nothing there has its tag, but for a version this transaction is to publish. */
	if (!place)
		return !r->ref && READ_ONCE(b->word) == word ? 0 : -EAGAIN;
	rec = heap_at(*place);
	if (!rec || rec->commit_ts != r->commit_ts)
		return -EAGAIN;
	barrier();
	return READ_ONCE(b->word) == word ? 0 : -EAGAIN;
}

/* Does a read still hold, in a bucket that nobody but this very transaction has locked? 0 or -EAGAIN. */
static __always_inline int txn_check(__u32 txn, struct txn_read *r)
{
	struct bucket *b = bucket_at(r->bucket);
	__u64 word;

	if (!b)
		return -EINVAL;
#ifdef BPFDB_TEST_NO_VALIDATE /* a test's proof that its checks would notice */
	return 0;
#endif
	word = READ_ONCE(b->word);
	if (word >> WORD_VERSION_SHIFT == r->word >> WORD_VERSION_SHIFT &&
	    (!word_owner(word) || word_owner(word) == txn))
		return 0;
	return txn_check_version(txn, r);
}

/* Do the first `reads` reads of the transaction still hold? 0 or -EAGAIN. */
__noinline int txn_validate(__u32 txn, __u32 reads)
{
	struct control *ctl = control();
	struct txn *t = txn_at(txn);
	int err = 0;

	if (!t || !ctl)
		return -EINVAL;
	if (READ_ONCE(ctl->flush_ts) != t->flush_ts)
		return -EAGAIN;
	for (__u32 i = unknown_zero();
	     !err && i < BPFDB_MAX_TXN_READS && i < reads && i < t->reads_len && CAN_LOOP;
	     STEP(i)) {
		opaque(i);
		err = txn_check(txn, &t->reads[i & (BPFDB_MAX_TXN_READS - 1)]);
	}
	return err;
}

/* The slot of a write whose bucket is locked, or NULL: it deletes what is not there. */
static __always_inline __u64 *txn_place(struct txn_write *w)
{
	struct bucket *home;
	__u64 *place, entry;

	if (w->flags & BPFDB_WRITE_NOOP)
		return 0;
	home = bucket_at(w->bucket);
	place = home ? slot_at(home, w->slot) : 0;
	/* A later write that had to link an overflow bucket may have moved the entry. */
	entry = slot_tag(w->hash) | (w->flags & BPFDB_WRITE_INSERTED ? w->ref : w->old);
	if (place && *place != entry)
		place = slot_at(home, index_locate(w->bucket, entry, ~0ULL));
	return place;
}

static __always_inline void txn_unlock(struct txn_write *w)
{
	struct bucket *home;

	if (!(w->flags & BPFDB_WRITE_LOCKED))
		return;
	home = bucket_at(w->bucket);
	barrier();
	if (home)
		WRITE_ONCE(home->word, word_next(READ_ONCE(home->word)));
}

/* Publishes a write, whose bucket is locked, under timestamp ts. */
static __always_inline void txn_publish_write(struct control *ctl, struct txn_write *w, __u64 ts)
{
	struct record *rec = heap_at(w->ref);
	__u64 *place = txn_place(w);

	if (!rec || !place)
		return;
	rec->commit_ts = ts;
	if (version_link(ctl, rec, w->old, w->bucket))
		w->flags |= BPFDB_WRITE_KEPT;
	if (rec->flags & BPFDB_RECORD_TOMBSTONE && rec->older) {
		w->flags |= BPFDB_WRITE_STAYS;
		version_count(1);
		version_mark(ctl, w->bucket);
	}
	barrier();
	if (rec->flags & BPFDB_RECORD_TOMBSTONE && !rec->older)
		WRITE_ONCE(*place, 0);
	else
		WRITE_ONCE(*place, slot_tag(w->hash) | w->ref);
}

/*
 * Frees what nobody needs after a write: by how much the number of keys changed. The bucket is
 * unlocked, so that the version published may have been replaced and freed: only flags can tell.
 */
static __always_inline int txn_retire(struct txn_write *w)
{
	__u32 flags = w->flags;

	if (!(flags & BPFDB_WRITE_NOOP) && w->old && !(flags & BPFDB_WRITE_KEPT))
		record_free(w->old);
	if (!(flags & BPFDB_WRITE_DELETES))
		return flags & (BPFDB_WRITE_INSERTED | BPFDB_WRITE_REVIVED) ? 1 : 0;
	if (!(flags & BPFDB_WRITE_STAYS))
		record_free(w->ref);
	return flags & BPFDB_WRITE_NOOP ? 0 : -1;
}

/*
 * Publishes write i, unlocks its bucket if it locked that, and frees what nobody needs any more.
 * Returns by how much the number of keys changed. A call, lest the verifier walk the
 * combinations of its ways out in every iteration.
 */
__noinline int txn_publish_one(__u32 txn, __u32 i, __u64 ts)
{
	struct control *ctl = control();
	struct txn *t = txn_at(txn);
	struct txn_write *w = t ? txn_write_at(t, i) : 0;

	if (!ctl || !w)
		return 0;
	txn_publish_write(ctl, w, ts);
	txn_unlock(w);
	return txn_retire(w);
}

/*
 * Publishes all writes, each of which has its bucket locked, and unlocks. From the last to the
 * first: the one that locked a bucket, and unlocks it, comes after all others in it.
 */
__noinline int txn_publish(__u32 txn, __u64 ts)
{
	struct txn *t = txn_at(txn);
	__s64 keys = 0;

	if (!t)
		return -EINVAL;
	for (__u32 i = t->writes_len; i > 0 && i <= BPFDB_MAX_TXN_WRITES && CAN_LOOP; i--)
		keys += txn_publish_one(txn, i - 1, ts);
	if (keys)
		keys_count(keys);
	return 0;
}

/* Takes the reservation of write i back and unlocks its bucket. */
__noinline int txn_unlock_one(__u32 txn, __u32 i)
{
	struct txn *t = txn_at(txn);
	struct txn_write *w = t ? txn_write_at(t, i) : 0;
	__u64 *place = w ? txn_place(w) : 0;

	if (!w)
		return -EINVAL;
	if (place && w->flags & BPFDB_WRITE_INSERTED)
		WRITE_ONCE(*place, 0);
	txn_unlock(w);
	return 0;
}

/* Takes back what the first `locked` writes have, in the same order as txn_publish. */
static __always_inline void txn_unlock_all(__u32 txn, __u32 locked)
{
	for (__u32 i = locked; i > 0 && i <= BPFDB_MAX_TXN_WRITES && CAN_LOOP; i--)
		txn_unlock_one(txn, i - 1);
}

/* Frees the versions that were to be written. */
__noinline int txn_discard(__u32 txn)
{
	struct txn *t = txn_at(txn);

	if (!t)
		return -EINVAL;
	for (__u32 i = unknown_zero(); i < BPFDB_MAX_TXN_WRITES && i < t->writes_len && CAN_LOOP;
	     STEP(i)) {
		struct txn_write *w = txn_write_at(t, i);

		if (w)
			record_free(w->ref);
	}
	t->writes_len = 0;
	t->written = 0;
	return 0;
}

/*
 * Takes back all writes and all but the first `reads` reads, to run a transaction without a
 * snapshot again.
 */
__noinline int txn_rewind(__u32 txn, __u32 reads)
{
	struct control *ctl = control();
	struct txn *t = txn_at(txn);

	if (!t || !ctl)
		return -EINVAL;
	if (!reads)
		t->flush_ts = READ_ONCE(ctl->flush_ts);
	txn_discard(txn);
	t->doomed = 0;
	if (t->reads_len > reads)
		t->reads_len = reads;
	return 0;
}

/* Locks, validates and takes a timestamp: the timestamp, or an error with *locked writes locked. */
static __always_inline int txn_prepare(struct scratch *s, struct txn *t, __u32 txn, __u32 *locked,
				       __u64 *ts)
{
	struct control *ctl = control();
	__u32 lines;
	int err = 0;

	if (!ctl)
		return -EINVAL;
	if (t->behind)
		return -EAGAIN;
	t->locked_max = 0;
	t->log_bytes = 0;
	err = txn_lock_all(s, t, txn, locked);
	if (err)
		return err;
	/*
	 * Before validation: what changes a read of ours after it was validated then gets a later
	 * timestamp, so that snapshots see commits in the order in which they depend on each
	 * other. A FLUSHALL that starts now gets a later one too, and covers us.
	 */
	lines = log_lines(t->log_bytes);
	if (t->writes_len) {
		if (log_on(ctl) && t->log_bytes > BPFDB_MAX_LOG_RECORD - sizeof(struct log_record))
			return -EFBIG;
		*ts = log_reserve(ctl, lines);
		if (!*ts)
			return log_refusal(ctl);
	}
	err = txn_validate(txn, BPFDB_MAX_TXN_READS);
	if (*ts && log_on(ctl)) {
		if (err)
			log_finish(*ts, lines, 0, 0);
		else
			txn_log(txn, *ts, lines);
		log_depend(s, *ts);
	}
	if (err)
		*ts = 0;
	return err;
}

/* With keep, a full redo log leaves the transaction open: see txn_commit_or_keep. */
static __always_inline int txn_end(struct scratch *s, __u32 txn, int keep)
{
	struct txn *t = txn_at(txn);
	__u32 locked = unknown_zero();
	__u64 ts = 0;
	int err;

	if (!s || !t)
		return -EINVAL;
	err = -(int)t->doomed;
	/* What only read its snapshot happened at that instant, whatever came later. */
	if (!err && (!t->snapshot || t->writes_len))
		err = txn_prepare(s, t, txn, &locked, &ts);
	if (err == -EXFULL && keep) {
		txn_unlock_all(txn, locked);
		return err;
	}
	/* Before it publishes, lest it keep versions for itself. */
	snapshot_end(t, txn - 1);
	if (err) {
		txn_unlock_all(txn, locked);
		txn_discard(txn);
	} else {
		txn_publish(txn, ts);
	}
	txn_release(t, txn);
	count(err ? COUNTER_CONFLICTS : COUNTER_COMMITS, 1);
	return err == -EBUSY ? -EAGAIN : err;
}

/*
 * Commits and ends the transaction. 0; -EAGAIN: another commit changed what it read or
 * held what it writes, run it again; -ENOMEM, -ENOSPC, -E2BIG, -EXFULL, -EIO: a limit. After an
 * error none of its writes happened. Overwrites the staged key.
 */
__noinline int txn_commit(struct scratch *s, __u32 txn)
{
	return txn_end(s, txn, 0);
}

/* The same, but -EXFULL leaves the transaction open, to be committed when the redo log has room. */
__noinline int txn_commit_or_keep(struct scratch *s, __u32 txn)
{
	return txn_end(s, txn, 1);
}

/*
 * As txn_commit, for a transaction without a snapshot; but an error leaves it open with all it has
 * read and written, to be rewound or aborted.
 */
__noinline int txn_attempt(struct scratch *s, __u32 txn)
{
	struct txn *t = txn_at(txn);
	__u32 locked = unknown_zero();
	__u64 ts = 0;
	int err;

	if (!s || !t)
		return -EINVAL;
	err = -(int)t->doomed;
	if (!err)
		err = txn_prepare(s, t, txn, &locked, &ts);
	if (err) {
		txn_unlock_all(txn, locked);
	} else {
		txn_publish(txn, ts);
		txn_release(t, txn);
	}
	count(err ? COUNTER_CONFLICTS : COUNTER_COMMITS, 1);
	return err == -EBUSY ? -EAGAIN : err;
}

/* Ends the transaction; nothing of it happened. */
__noinline int txn_abort(__u32 txn)
{
	struct txn *t = txn_at(txn);

	if (!t)
		return -EINVAL;
	txn_discard(txn);
	txn_release(t, txn);
	count(COUNTER_ABORTS, 1);
	return 0;
}

/* Was the transaction idle for too long? Interactive ones only. */
static __always_inline int txn_idle(struct txn *t)
{
	struct control *ctl = control();

	/* Signed: it may have been used since the clock was read. */
	return ctl && t->flags & BPFDB_TXN_INTERACTIVE &&
	       (__s64)(bpf_ktime_get_ns() - READ_ONCE(t->used_ns)) > (__s64)ctl->txn_timeout_ns;
}

/* Aborts a transaction that its owner has left idle: 1 = done. */
__noinline int txn_reap(__u32 txn)
{
	struct txn *t = txn_at(txn);
	__u64 token = t ? READ_ONCE(t->token) : 0;

	if (!token || !txn_idle(t) || txn_enter(txn, token))
		return 0;
	if (!txn_idle(t)) { /* its owner was faster */
		WRITE_ONCE(t->busy, 0);
		return 0;
	}
	txn_abort(txn);
	count(COUNTER_TIMEOUTS, 1);
	return 1;
}

#endif
