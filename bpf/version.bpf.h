/* SPDX-License-Identifier: GPL-2.0 */
/*
 * version.bpf.h - snapshots, and the older versions kept for them.
 *
 * A snapshot reads at timestamp S: of every key the newest version with commit_ts <= S.
 * Commits take their timestamp after they have locked all their buckets and publish before they
 * unlock them, so whoever finds a bucket unlocked sees all of a commit's versions there or
 * none, and a commit with a timestamp <= S is never half visible to S. A version that is replaced
 * while a snapshot may need it stays, linked from its successor (newest to oldest, as in
 * Hekaton, SIGMOD 2013); all others are freed at once, so without snapshots this
 * costs a writer one load.
 *
 * Beginning a snapshot takes three steps: announce it, read the clock, publish the
 * timestamp. A writer looks after it took its own timestamp ts: if ts > S its atomic
 * add came after the snapshot read the clock, thus after the announcement, and it keeps the
 * version; if ts <= S the snapshot sees the new version and needs no old one.
 */
#ifndef VERSION_BPF_H
#define VERSION_BPF_H

#include "record.bpf.h"

#define SNAPSHOT_OPEN 1ULL
#define SNAPSHOT_STARTING (1ULL << 32)
#define VERSION_MAX_WALK (1 << 16) /* versions of one key a reader steps over */

/* Raises control.snapshot_newest to at least ts. */
static __always_inline int snapshot_raise(struct control *ctl, __u64 ts)
{
	for (__u32 i = unknown_zero(); i < BPFDB_MAX_TRIES && CAN_LOOP; i++) {
		__u64 newest = READ_ONCE(ctl->snapshot_newest);

		if (newest >= ts ||
		    __sync_val_compare_and_swap(&ctl->snapshot_newest, newest, ts) == newest)
			return 0;
	}
	return -EBUSY;
}

/*
 * Reads the clock and the last FLUSHALL it covers: their pair is the state of the store. A
 * FLUSHALL with a later timestamp hides the one before it, which may count: look again.
 */
static __always_inline int snapshot_read(struct control *ctl, struct txn *t)
{
	for (__u32 i = unknown_zero(); i < BPFDB_MAX_TRIES && CAN_LOOP; i++) {
		t->snapshot = READ_ONCE(ctl->clock);
		barrier();
		t->flush_ts = READ_ONCE(ctl->flush_ts);
		if (t->flush_ts <= t->snapshot)
			return 0;
		if (t->flush_ts == ~0ULL)
			flush_finish(ctl);
	}
	return -EBUSY;
}

/* Opens the snapshot of transaction t, whose index is i. 0, or -EBUSY and nothing happened. */
__noinline int snapshot_begin(struct txn *t, __u32 i)
{
	struct control *ctl = control();
	int err;

	if (!ctl || !t || i >= BPFDB_MAX_TXNS)
		return -EINVAL;
	__sync_fetch_and_add(&ctl->snapshots, SNAPSHOT_STARTING | SNAPSHOT_OPEN);
	err = snapshot_read(ctl, t);
	if (!err)
		err = snapshot_raise(ctl, t->snapshot);
	if (err) {
		t->snapshot = 0;
		__sync_fetch_and_add(&ctl->snapshots, -(SNAPSHOT_STARTING | SNAPSHOT_OPEN));
		return err;
	}
	WRITE_ONCE(ctl->snapshot[i], t->snapshot);
	barrier();
	__sync_fetch_and_add(&ctl->snapshots, -SNAPSHOT_STARTING);
	count(COUNTER_SNAPSHOTS, 1);
	return 0;
}

static __always_inline void snapshot_end(struct txn *t, __u32 i)
{
	struct control *ctl = control();

	if (!ctl || !t->snapshot || i >= BPFDB_MAX_TXNS)
		return;
	t->snapshot = 0;
	WRITE_ONCE(ctl->snapshot[i], 0);
	barrier();
	__sync_fetch_and_add(&ctl->snapshots, -SNAPSHOT_OPEN);
}

/* Marks the region of a bucket, which the caller has locked, for the pruner. */
static __always_inline void version_mark(struct control *ctl, __u64 bucket)
{
	__u32 i = bucket >> (BPFDB_REGION_SHIFT + 6);
	__u64 *mark = bpf_map_lookup_elem(&bpfdb_marks, &i);
	__u64 bit = 1ULL << (bucket >> BPFDB_REGION_SHIFT & 63);

	if (mark && !(READ_ONCE(*mark) & bit))
		__sync_fetch_and_or(mark, bit);
	WRITE_ONCE(ctl->marked, 1);
}

/* Marks the region of a new bucket if that of the bucket it was split from is marked. */
static __always_inline void version_mark_like(struct control *ctl, __u64 bucket, __u64 from)
{
	__u32 i = from >> (BPFDB_REGION_SHIFT + 6);
	__u64 *mark = bpf_map_lookup_elem(&bpfdb_marks, &i);

	if (mark && READ_ONCE(*mark) >> (from >> BPFDB_REGION_SHIFT & 63) & 1)
		version_mark(ctl, bucket);
}

static __always_inline void version_count(__s64 n)
{
	struct shard *sh = shard();

	if (sh)
		__sync_fetch_and_add(&sh->versions, n);
}

/* May an open snapshot need a version that is being replaced, by a commit that has its timestamp? */
static __always_inline int version_needed(struct control *ctl, __u64 commit_ts)
{
	__u64 snapshots = READ_ONCE(ctl->snapshots);

	return snapshots &&
	       (snapshots >= SNAPSHOT_STARTING || commit_ts <= READ_ONCE(ctl->snapshot_newest));
}

/*
 * Links a new version before the one it replaces (0 = none) in a locked bucket: 1 when that
 * must stay, 0 when the caller may free it, after unlocking.
 */
static __always_inline int version_link(struct control *ctl, struct record *rec, __u64 old,
					__u64 bucket)
{
	struct record *prev = old ? heap_at(old) : 0;
	int needed, counted;

	if (!prev)
		return 0;
	needed = version_needed(ctl, prev->commit_ts);
	counted = prev->flags & RECORD_UNCOUNTED ? 1 : 0;
	rec->older = needed ? old : prev->older;
	if (needed)
		version_mark(ctl, bucket);
	if (needed != counted)
		version_count(needed - counted);
	return needed;
}

/* Steps from what index_lookup found to what the transaction's snapshot sees. 0 or -EBUSY. */
__noinline int version_select(struct scratch *s, struct txn *t)
{
	struct record *rec;
	__u64 ref;

	if (!s || !t)
		return -EINVAL;
	ref = s->found.ref;
	s->found.behind = 0;
	for (__u32 i = unknown_zero(); i < VERSION_MAX_WALK && CAN_LOOP; i++) {
		rec = ref ? heap_at(ref) : 0;
		if (!rec) {
			s->found.ref = 0;
			return 0;
		}
		if (rec->commit_ts <= t->snapshot) {
			s->found.ref = ref;
			s->found.value_len = rec->value_len;
			/* Whether later FLUSHALLs cover it is not this snapshot's business. */
			s->found.stale = rec->flags & BPFDB_RECORD_TOMBSTONE ||
					 rec->commit_ts <= t->flush_ts;
			return 0;
		}
		s->found.behind = 1;
		ref = READ_ONCE(rec->older) & BPFDB_REF_MASK;
	}
	return -EBUSY;
}

#endif
