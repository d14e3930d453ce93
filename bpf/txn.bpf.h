/* SPDX-License-Identifier: GPL-2.0 */
/*
 * txn.bpf.h - transactions: optimistic, validated at commit (after Silo, SOSP 2013). Here:
 * who has them; txn_sets.bpf.h is what they read and write, txn_commit.bpf.h how they end.
 *
 * Reads note the version they saw; writes stay private. Commit locks the buckets it
 * writes, takes one commit timestamp, checks that every version read is still the latest,
 * and publishes all writes before it unlocks. Readers wait, boundedly, at a locked bucket,
 * so a commit becomes visible at one instant. Waiting for a lock is bounded too: a
 * transaction that does not get one fails and is run again by its owner.
 *
 * With a snapshot (version.bpf.h) all reads are of one instant, even in a transaction that
 * is going to conflict. If it wrote nothing, it happened at that instant and cannot fail.
 */
#ifndef TXN_BPF_H
#define TXN_BPF_H

#include "version.bpf.h"

static __always_inline struct txn *txn_at(__u32 txn)
{
	__u32 i = txn - 1;

	return bpf_map_lookup_elem(&bpfdb_txns, &i);
}

/* Counts an interactive transaction in, unless BPFDB_MAX_INTERACTIVE are open. */
static __always_inline int txn_admit(struct control *ctl, __u32 flags)
{
	if (!(flags & BPFDB_TXN_INTERACTIVE))
		return 0;
	if (__sync_fetch_and_add(&ctl->interactive, 1) < BPFDB_MAX_INTERACTIVE)
		return 0;
	__sync_fetch_and_add(&ctl->interactive, -1);
	return -EAGAIN;
}

static __always_inline void txn_dismiss(struct control *ctl, __u32 flags)
{
	if (flags & BPFDB_TXN_INTERACTIVE)
		__sync_fetch_and_add(&ctl->interactive, -1);
}

/* Takes a transaction off the free list: its number, or -EAGAIN when all are in use. */
static __always_inline int txn_pop(struct control *ctl)
{
	for (__u32 i = unknown_zero(); i < BPFDB_MAX_TRIES && CAN_LOOP; i++) {
		__u64 old = READ_ONCE(ctl->txn_free);
		__u32 txn = old;
		struct txn *t = txn_at(txn);
		__u64 next;

		if (!t)
			return -EAGAIN;
		next = ((old >> 32) + 1) << 32 | READ_ONCE(t->next_free);
		if (__sync_val_compare_and_swap(&ctl->txn_free, old, next) == old)
			return txn;
	}
	return -EAGAIN;
}

static __always_inline void txn_push(struct control *ctl, struct txn *t, __u32 txn)
{
	for (__u32 i = unknown_zero(); i < BPFDB_MAX_TRIES && CAN_LOOP; i++) {
		__u64 old = READ_ONCE(ctl->txn_free);

		t->next_free = old;
		if (__sync_val_compare_and_swap(&ctl->txn_free, old,
						((old >> 32) + 1) << 32 | txn) == old)
			return;
	}
}

/*
 * Begins a transaction: its number (index + 1), -EAGAIN when too many are open, -EBUSY. token
 * says whose it is and is not 0 for an interactive one; flags are BPFDB_TXN_*.
 */
__noinline int txn_begin(__u64 token, __u32 flags)
{
	struct control *ctl = control();
	struct txn *t;
	int txn, err;

	if (!ctl)
		return -EINVAL;
	if (txn_admit(ctl, flags))
		return -EAGAIN;
	txn = txn_pop(ctl);
	t = txn < 0 ? 0 : txn_at(txn);
	if (!t) {
		txn_dismiss(ctl, flags);
		return -EAGAIN;
	}
	t->doomed = 0;
	t->behind = 0;
	t->reads_len = 0;
	t->writes_len = 0;
	t->written = 0;
	t->flags = flags;
	t->snapshot = 0;
	if (flags & BPFDB_TXN_INTERACTIVE)
		t->used_ns = bpf_ktime_get_ns();
	if (flags & BPFDB_TXN_SNAPSHOT) {
		err = snapshot_begin(t, txn - 1);
		if (err) {
			txn_dismiss(ctl, flags);
			txn_push(ctl, t, txn);
			return err;
		}
	} else {
		t->flush_ts = READ_ONCE(ctl->flush_ts);
	}
	barrier();
	WRITE_ONCE(t->token, token ? token : ~0ULL);
	return txn;
}

static __always_inline void txn_release(struct txn *t, __u32 txn)
{
	struct control *ctl = control();

	if (!ctl)
		return;
	snapshot_end(t, txn - 1);
	txn_dismiss(ctl, t->flags);
	WRITE_ONCE(t->token, 0);
	barrier();
	WRITE_ONCE(t->busy, 0);
	txn_push(ctl, t, txn);
}

/*
 * Takes an interactive transaction for this program run, so that it is not aborted under it.
 * 0; -ESTALE: it is no longer the caller's; -EBUSY: somebody else has it now.
 */
__noinline int txn_enter(__u32 txn, __u64 token)
{
	struct txn *t = txn_at(txn);

	if (!t || READ_ONCE(t->token) != token)
		return -ESTALE;
	if (__sync_val_compare_and_swap(&t->busy, 0, 1))
		return -EBUSY;
	if (READ_ONCE(t->token) == token)
		return 0;
	WRITE_ONCE(t->busy, 0);
	return -ESTALE;
}

/* Gives it back; not after it has ended. */
__noinline int txn_leave(__u32 txn)
{
	struct txn *t = txn_at(txn);

	if (!t)
		return -EINVAL;
	t->used_ns = bpf_ktime_get_ns();
	barrier();
	WRITE_ONCE(t->busy, 0);
	return 0;
}

#endif
