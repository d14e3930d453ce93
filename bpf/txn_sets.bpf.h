/* SPDX-License-Identifier: GPL-2.0 */
/* txn_sets.bpf.h - what a transaction has read and is going to write. */
#ifndef TXN_SETS_BPF_H
#define TXN_SETS_BPF_H

#include "txn.bpf.h"

static __always_inline struct txn_write *txn_write_at(struct txn *t, __u32 i)
{
	if (i >= BPFDB_MAX_TXN_WRITES)
		return 0;
	opaque(i);
	return &t->writes[i & (BPFDB_MAX_TXN_WRITES - 1)];
}

/* The bit of txn.written that a write of a key with this hash sets. */
static __always_inline __u64 txn_written_bit(__u64 hash)
{
	return 1ULL << (hash >> 58);
}

/*
 * Looks the staged key up among the transaction's own writes: 1 = found there, 0 = not.
 * found.slot is then the number of the write.
 */
__noinline int txn_search_own(struct scratch *s)
{
	struct txn *t;

	if (!s)
		return -EINVAL;
	t = txn_at(s->txn);
	if (!t)
		return -EINVAL;
	for (__u32 i = unknown_zero(); i < BPFDB_MAX_TXN_WRITES && i < t->writes_len && CAN_LOOP;
	     STEP(i)) {
		struct txn_write *w = txn_write_at(t, i);

		if (!w || w->hash != s->key.hash || !index_match(s, w->ref))
			continue;
		/* Its timestamp is not set yet: only a tombstone makes it absent. */
		struct record *rec = heap_at(w->ref);

		s->found.stale = rec && (rec->flags & BPFDB_RECORD_TOMBSTONE) ? FOUND_UNCOUNTED : 0;
		s->found.slot = i;
		s->found.own = 1;
		return 1;
	}
	return 0;
}

/* The same, without a call for a key that the transaction has certainly not written. */
static __always_inline int txn_find_own(struct scratch *s)
{
	struct txn *t = txn_at(s->txn);

	if (!t)
		return -EINVAL;
	s->found.own = 0;
	return t->written & txn_written_bit(s->key.hash) ? txn_search_own(s) : 0;
}

/* Steps from the latest version, which was found, to the one the transaction may see. */
static __always_inline int txn_select(struct scratch *s)
{
	struct txn *t = txn_at(s->txn);

	return t && t->snapshot ? version_select(s, t) : 0;
}

/* The transaction depends on what was found, unless it may not write and so not conflict. */
static __always_inline int txn_add_read(struct scratch *s)
{
	struct txn *t = txn_at(s->txn);
	__u32 n;

	if (!t)
		return -EINVAL;
	if (t->flags & BPFDB_TXN_READONLY)
		return 0;
	t->behind |= s->found.behind;
	n = t->reads_len;
	if (n >= BPFDB_MAX_TXN_READS) {
		t->doomed = E2BIG;
		return -E2BIG;
	}
	t->reads[n].bucket = s->found.bucket;
	t->reads[n].word = s->found.word;
	t->reads[n].hash = s->key.hash;
	t->reads[n].ref = s->found.ref;
	t->reads[n].commit_ts = s->found.commit_ts;
	t->reads_len = n + 1;
	return 0;
}

/* How many reads the transaction depends on; 0 without one. */
static __always_inline __u32 txn_reads(__u32 txn)
{
	struct txn *t = txn ? txn_at(txn) : 0;

	return t ? t->reads_len : 0;
}

/* Takes back all reads but the first so many. */
static __always_inline void txn_forget_reads(__u32 txn, __u32 reads)
{
	struct txn *t = txn ? txn_at(txn) : 0;

	if (t && t->reads_len > reads)
		t->reads_len = reads;
}

/* Adds a version of the staged key to the write set, or replaces the one that is there. */
static __always_inline int txn_add_write(struct scratch *s, __u64 ref)
{
	struct txn *t = txn_at(s->txn);
	struct txn_write *w;
	__u32 n;

	if (!t)
		return -EINVAL;
	if (t->flags & BPFDB_TXN_READONLY)
		return -EROFS;
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
	if (!s->found.own) {
		t->written |= txn_written_bit(s->key.hash);
		t->writes_len = n + 1;
	}
	return 0;
}

static __always_inline int txn_add_tombstone(struct scratch *s)
{
	__s64 ref = tombstone_prepare(s);
	int err;

	if (ref < 0)
		return ref;
	err = txn_add_write(s, ref);
	if (err)
		record_free(ref);
	return err;
}

#endif
