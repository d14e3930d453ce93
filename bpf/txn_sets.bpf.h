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

		s->found.stale = rec && (rec->flags & BPFDB_RECORD_TOMBSTONE) ? FOUND_UNCOUNTED : 0;
		s->found.slot = i;
		s->found.own = 1;
		return 1;
	}
	return 0;
}

/* Looks the staged key up among the committed versions that the transaction may see. */
static __always_inline int txn_find_committed(struct scratch *s)
{
	struct txn *t = txn_at(s->txn);
	int err = index_find(s, 0, BPFDB_MAX_TRIES);

	if (err || !t || !t->snapshot)
		return err;
	return version_select(s, t);
}

/* The transaction depends on what was found, unless it may not write and so not conflict. */
__noinline int txn_add_read(struct scratch *s)
{
	struct txn *t;
	__u32 n;

	if (!s)
		return -EINVAL;
	t = txn_at(s->txn);
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
	if (!s->found.own)
		t->writes_len = n + 1;
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
