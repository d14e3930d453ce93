/* SPDX-License-Identifier: GPL-2.0 */
/*
 * scan.bpf.h - reads all keys as of a transaction's snapshot, for checkpoints.
 *
 * First the versions that the snapshot sees in some buckets are listed in in[], then they
 * are copied to out[] as entries of the redo log, as many as fit, in further calls: what an open
 * snapshot sees neither changes nor is freed. A bucket that is split meanwhile moves keys
 * to a bucket behind all others, where the scan still comes: a key may come twice, never not at all.
 */
#ifndef SCAN_BPF_H
#define SCAN_BPF_H

#include "store.bpf.h"

#define SCAN_MAX_REFS (BPFDB_MAX_REQUEST / 8)
/* Keys of one bucket and its chain at most. */
#define SCAN_BUCKET_REFS ((BPFDB_MAX_CHAIN + 1) * BPFDB_BUCKET_SLOTS)
#define SCAN_MAX_OUT (1 << BPFDB_OUT_SIZE_SHIFT) /* out[] has room for one entry behind it */

/* The version of a slot's key that the transaction sees: its ref, or 0. */
__noinline __u64 scan_version(__u32 txn, __u64 ref)
{
	struct txn *t = txn_at(txn);

	if (!t)
		return 0;
	for (__u32 i = unknown_zero(); i < VERSION_MAX_WALK && CAN_LOOP; i++) {
		struct record *rec = ref & BPFDB_REF_MASK ? heap_at(ref) : 0;

		if (!rec)
			return 0;
		if (rec->commit_ts <= t->snapshot)
			return rec->flags & BPFDB_RECORD_TOMBSTONE || rec->commit_ts <= t->flush_ts
				       ? 0
				       : ref & BPFDB_REF_MASK;
		ref = READ_ONCE(rec->older);
	}
	return 0;
}

/* Lists the versions in the slots of one bucket from number n on: how many there are then. */
__noinline __u32 scan_slots(struct scratch *s, struct bucket *b, __u32 slots, __u32 n)
{
	if (!s || !b)
		return n;
	for (__u32 i = 0; i < BPFDB_BUCKET_SLOTS && i < slots; i++) {
		__u64 slot = READ_ONCE(b->slot[i]), ref = slot ? scan_version(s->txn, slot) : 0;

		if (!ref)
			continue;
		opaque(n);
		((__u64 *)s->in)[n & (SCAN_MAX_REFS - 1)] = ref;
		n++;
	}
	return n;
}

/* The same of a bucket and its chain; -EBUSY when it kept changing. */
__noinline int scan_bucket(struct scratch *s, __u64 id, __u32 first)
{
	struct bucket *home = bucket_at(id);

	if (!s || !home)
		return -EINVAL;
	for (__u32 try = unknown_zero(); try < BPFDB_MAX_TRIES && CAN_LOOP; try++) {
		__u64 word = READ_ONCE(home->word);
		struct bucket *b = home;
		__u32 n = first;

		if (word_owner(word))
			continue;
		barrier();
		for (__u32 i = unknown_zero(); b && i <= BPFDB_MAX_CHAIN && CAN_LOOP; i++) {
			int link = READ_ONCE(b->word) & WORD_OVERFLOW ? 1 : 0;

			n = scan_slots(s, b, link ? SLOT_LINK : BPFDB_BUCKET_SLOTS, n);
			b = link ? heap_at(READ_ONCE(b->slot[SLOT_LINK])) : 0;
		}
		barrier();
		if (READ_ONCE(home->word) == word)
			return n;
	}
	return -EBUSY;
}

/* Lists the versions in up to `count` buckets from `from` on. */
static __always_inline void scan_list(struct scratch *s, struct scan_args *args)
{
	__u32 n = unknown_zero();

	for (__u32 i = unknown_zero();
	     i < args->count && n + SCAN_BUCKET_REFS <= SCAN_MAX_REFS && CAN_LOOP; i++) {
		int listed = scan_bucket(s, args->from + i, n);

		if (listed < 0) {
			args->error = listed;
			break;
		}
		n = listed;
		args->result = i + 1;
	}
	args->listed = n;
}

/* Copies version number i to out[] as an entry. 0, or -ENOBUFS when it is full. */
__noinline int scan_copy(struct scratch *s, __u32 i)
{
	struct log_entry *e;
	struct record *rec;
	__u32 len, at;

	if (!s)
		return -EINVAL;
	rec = heap_at(((__u64 *)s->in)[i & (SCAN_MAX_REFS - 1)]);
	at = s->out_len;
	opaque(at);
	if (!rec || at >= SCAN_MAX_OUT)
		return -ENOBUFS;
	e = (struct log_entry *)(s->out + at);
	e->value_len = rec->value_len;
	e->key_len = rec->key_len;
	e->op = LOG_SET;
	e->_pad = 0;
	len = log_padded(rec->key_len) + log_padded(rec->value_len);
	opaque(len);
	if (len > BPFDB_MAX_KEY + BPFDB_MAX_VALUE)
		return -EINVAL;
	bpf_probe_read_kernel(e->data, len, rec->data);
	s->out_len = at + sizeof(*e) + len;
	return 0;
}

static __always_inline void scan_copies(struct scratch *s, struct scan_args *args)
{
	s->out_len = 0;
	for (__u32 i = args->copied; i < SCAN_MAX_REFS && i < args->listed && CAN_LOOP; i++) {
		int err = scan_copy(s, i);

		if (err == -ENOBUFS)
			break;
		args->error = err;
		if (err)
			break;
		args->copied = i + 1;
	}
}

#endif
