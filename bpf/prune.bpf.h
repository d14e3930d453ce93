/* SPDX-License-Identifier: GPL-2.0 */
/*
 * prune.bpf.h - frees what nobody can read any more: versions whose last snapshot has ended,
 * tombstones with nothing behind them, and keys that a FLUSHALL covers.
 *
 * A version is needed by the snapshots S with commit_ts <= S < end, where end is the
 * timestamp of what replaced it. The open snapshots are listed once per run, after the
 * clock was read: one that begins later reads at least that clock, so whatever ended by then
 * is garbage unless the list needs it.
 */
#ifndef PRUNE_BPF_H
#define PRUNE_BPF_H

#include "store.bpf.h"

#define PRUNE_MAX_WALK 1024 /* versions of a key in one visit: more than BPFDB_MAX_TXNS can need */
#define PRUNE_MAX_CHANGED 32 /* versions changed while writers of the bucket wait, ... */
#define PRUNE_MAX_VISITS 64 /* ... and times the bucket is visited again for more */

struct prune {
	__u64 clock;
	__u64 flush_ts;
	__u32 snapshots_len;
	__u32 left; /* versions that had to stay in the bucket under way */
	__u32 changed; /* versions in it that were freed or marked as flushed */
	__u32 _pad;
	__u64 snapshots[BPFDB_MAX_TXNS];
};

static __always_inline struct prune *prune_at(struct scratch *s)
{
	return (struct prune *)s->in; /* no request is in the area during maintenance */
}

/* Lists the open snapshots: 0, or -EBUSY while one is taking its timestamp. */
__noinline int prune_begin(struct scratch *s)
{
	struct control *ctl = control();
	struct prune *p;
	__u32 n = unknown_zero();

	if (!s || !ctl)
		return -EINVAL;
	p = prune_at(s);
	p->clock = READ_ONCE(ctl->clock);
	p->flush_ts = READ_ONCE(ctl->flush_ts);
	barrier();
	if (READ_ONCE(ctl->snapshots) >= SNAPSHOT_STARTING || p->flush_ts == ~0ULL)
		return -EBUSY;
	for (__u32 i = unknown_zero(); i < BPFDB_MAX_TXNS && CAN_LOOP; i++) {
		__u64 ts;

		opaque(i);
		ts = READ_ONCE(ctl->snapshot[i & (BPFDB_MAX_TXNS - 1)]);
		if (!ts)
			continue;
		opaque(n);
		p->snapshots[n & (BPFDB_MAX_TXNS - 1)] = ts;
		n++;
	}
	p->snapshots_len = n;
	return 0;
}

/* Does a snapshot, open or yet to begin, need what was current from `from` to before `end`? */
__noinline int prune_needed(struct scratch *s, __u64 from, __u64 end)
{
	struct prune *p;

	if (!s)
		return 1;
	p = prune_at(s);
	if (end > p->clock)
		return 1;
	for (__u32 i = unknown_zero(); i < p->snapshots_len && CAN_LOOP; i++) {
		opaque(i);
		if (p->snapshots[i & (BPFDB_MAX_TXNS - 1)] - from < end - from)
			return 1;
	}
	return 0;
}

/* When a version that was replaced at `end` stopped being current: a FLUSHALL may have come first. */
static __always_inline __u64 prune_end(struct prune *p, __u64 commit_ts, __u64 end)
{
	return commit_ts <= p->flush_ts && p->flush_ts < end ? p->flush_ts : end;
}

/* Unlinks and frees the versions behind `rec` that nobody needs. */
__noinline int prune_versions(struct scratch *s, __u64 ref)
{
	struct record *rec = heap_at(ref);
	struct prune *p;

	if (!s || !rec)
		return 0;
	p = prune_at(s);
	for (__u32 i = unknown_zero();
	     i < PRUNE_MAX_WALK && p->changed < PRUNE_MAX_CHANGED && CAN_LOOP; i++) {
		__u64 older = rec->older & BPFDB_REF_MASK;
		struct record *prev = older ? heap_at(older) : 0;
		__u64 end;

		if (!prev)
			return 0;
		end = prune_end(p, prev->commit_ts, rec->commit_ts);
		if (prune_needed(s, prev->commit_ts, end)) {
			p->left++;
			rec = prev;
			continue;
		}
		rec->older = prev->older;
		record_free(older);
		version_count(-1);
		count(COUNTER_PRUNED, 1);
		p->changed++;
	}
	p->left++;
	return 0;
}

/*
 * Prunes the key in one slot of a locked bucket. Its latest version goes too if it is a
 * tombstone with nothing behind it, or flushed: 1 when that was a key until now.
 */
__noinline int prune_slot(struct scratch *s, __u64 id, __u64 slot)
{
	struct bucket *home = bucket_at(id);
	__u64 *place = home ? slot_at(home, slot) : 0;
	struct record *rec;
	struct prune *p;
	int was_key;
	__u64 ref;

	if (!s || !place)
		return 0;
	p = prune_at(s);
	ref = *place & BPFDB_REF_MASK;
	if (!ref)
		return 0;
	prune_versions(s, ref);
	rec = heap_at(ref);
	if (!rec || (!(rec->flags & BPFDB_RECORD_TOMBSTONE) && rec->commit_ts > p->flush_ts))
		return 0;
	was_key = !(rec->flags & RECORD_UNCOUNTED);
	if (rec->older || (!(rec->flags & BPFDB_RECORD_TOMBSTONE) &&
			   prune_needed(s, rec->commit_ts, p->flush_ts))) {
		p->left++;
		if (!was_key)
			return 0;
		rec->flags |= BPFDB_RECORD_FLUSHED;
		version_count(1);
	} else {
		WRITE_ONCE(*place, 0);
		record_free(ref);
		if (!was_key)
			version_count(-1);
	}
	p->changed++;
	return was_key;
}

/* Prunes one bucket for a moment: 0, 1 when there may be more to free, or -EBUSY when it stayed locked. */
__noinline int prune_visit(struct scratch *s, __u64 id)
{
	struct bucket *home = bucket_at(id), *b = home;
	struct control *ctl = control();
	__s64 removed = 0;
	__u64 block = 0;
	struct prune *p;

	if (!s || !ctl || !home)
		return -EINVAL;
	p = prune_at(s);
	if (bucket_lock(home))
		return -EBUSY;
	p->left = 0;
	p->changed = 0;
	for (__u32 i = unknown_zero(); i <= BPFDB_MAX_CHAIN && CAN_LOOP; i++) {
		int link = b->word & WORD_OVERFLOW;

		for (__u32 j = 0; j < BPFDB_BUCKET_SLOTS; j++)
			if (!link || j < SLOT_LINK)
				removed += prune_slot(s, id, block << 3 | j);
		if (!link)
			break;
		block = b->slot[SLOT_LINK] & BPFDB_REF_MASK;
		b = heap_at(block);
		if (!b)
			break;
	}
	if (p->left)
		version_mark(ctl, id);
	bucket_unlock(home, p->changed);
	if (removed)
		keys_count(-removed);
	return p->changed >= PRUNE_MAX_CHANGED;
}

/* Prunes one bucket: 0, or -EBUSY when it stayed locked. */
__noinline int prune_bucket(struct scratch *s, __u64 id)
{
	int err = 1;

	for (__u32 i = unknown_zero(); err == 1 && i < PRUNE_MAX_VISITS && CAN_LOOP; i++)
		err = prune_visit(s, id);
	return err < 0 ? err : 0;
}

#endif
