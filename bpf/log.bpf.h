/* SPDX-License-Identifier: GPL-2.0 */
/*
 * log.bpf.h - commits into the redo log's ring (log.h has its layout).
 *
 * A commit reserves its lines where it takes its timestamp, with its buckets locked, and fills
 * them before it unlocks: a record must be read before anybody can replace it. A full ring, or
 * a log that failed, refuses the reservation, and nothing has happened.
 */
#ifndef LOG_BPF_H
#define LOG_BPF_H

#include "heap.bpf.h"

static __always_inline __u32 log_padded(__u32 len)
{
	return (len + 7) & ~7u;
}

static __always_inline __u32 log_entry_bytes(__u32 key_len, __u32 value_len)
{
	return sizeof(struct log_entry) + log_padded(key_len) + log_padded(value_len);
}

static __always_inline __u32 log_lines(__u32 entry_bytes)
{
	return (sizeof(struct log_record) + entry_bytes + BPFDB_LOG_LINE - 1) / BPFDB_LOG_LINE;
}

/* Is there a redo log? */
static __always_inline int log_on(struct control *ctl)
{
	return ctl->log_mask != 0;
}

/*
 * Takes the timestamp of a commit whose record has so many lines; 0 when the log has no
 * room: log_refusal says why.
 */
static __always_inline __u64 log_reserve(struct control *ctl, __u32 lines)
{
	__u64 until;

	if (!log_on(ctl))
		return __sync_fetch_and_add(&ctl->clock, 1) + 1;
	/* Not left to log_limit: user space may be held up in a write, or stopped. */
	until = READ_ONCE(ctl->log_until);
	if (until && bpf_ktime_get_ns() > until)
		return 0;
	for (__u32 i = unknown_zero(); i < BPFDB_MAX_TRIES && CAN_LOOP; i++) {
		__u64 old = READ_ONCE(ctl->clock);

		if (old + lines > READ_ONCE(ctl->log_limit))
			return 0;
		if (__sync_val_compare_and_swap(&ctl->clock, old, old + lines) == old)
			return old + lines;
	}
	return 0;
}

/* -EIO: the log has failed for good; -EXFULL: it has no room now. */
static __always_inline int log_refusal(struct control *ctl)
{
	count(COUNTER_LOG_REFUSED, 1);
	return READ_ONCE(ctl->log_failed) ? -EIO : -EXFULL;
}

/* The byte at position `at` of the ring, or NULL. */
static __always_inline void *log_at(struct control *ctl, __u64 at)
{
	__u32 segment, zero = 0;
	void *inner;
	char *base;

	segment = (at & (ctl->log_mask * BPFDB_LOG_LINE | (BPFDB_LOG_LINE - 1))) >>
		  BPFDB_LOG_SEGMENT_SHIFT;
	inner = bpf_map_lookup_elem(&bpfdb_log, &segment);
	if (!inner)
		return 0;
	base = bpf_map_lookup_elem(inner, &zero);
	if (!base)
		return 0;
	return base + (at & (BPFDB_LOG_SEGMENT_SIZE - 1));
}

/* Writes the entry of the record at ref to position `at`; its bytes, 0 if it could not. */
__noinline int log_entry_put(__u64 at, __u64 ref, __u32 op)
{
	struct control *ctl = control();
	struct record *rec = heap_at(ref);
	struct log_entry *e = ctl ? log_at(ctl, at) : 0;
	__u32 len;

	if (!rec || !e)
		return 0;
	e->value_len = op == LOG_SET ? rec->value_len : 0;
	e->key_len = rec->key_len;
	e->op = op;
	e->_pad = 0;
	len = log_padded(rec->key_len) + log_padded(e->value_len);
	opaque(len);
	if (len > BPFDB_MAX_KEY + BPFDB_MAX_VALUE)
		return 0;
	if (len <= 128) {
		for (__u32 i = 0; i < 16; i++) {
			if (i * 8 >= len)
				break;
			((__u64 *)e->data)[i] = ((__u64 *)rec->data)[i];
		}
	} else {
		bpf_probe_read_kernel(e->data, len, rec->data);
	}
	return sizeof(*e) + len;
}

/*
 * Completes the record of commit `lsn`, which has so many lines: user space may read it. Without
 * entries it is of a commit that came to nothing.
 */
__noinline int log_finish(__u64 lsn, __u32 lines, __u32 bytes, __u32 entries)
{
	struct control *ctl = control();
	struct log_record *r;
	__u64 first = lsn - lines, *mark;
	__u32 i;

	if (!ctl)
		return -EINVAL;
	r = log_at(ctl, first * BPFDB_LOG_LINE);
	i = first & ctl->log_mask;
	mark = bpf_map_lookup_elem(&bpfdb_log_marks, &i);
	if (!r || !mark)
		return -EINVAL;
	r->lsn = lsn;
	r->bytes = sizeof(*r) + bytes;
	r->entries = entries;
	barrier();
	WRITE_ONCE(*mark, lsn);
	return 0;
}

/* The whole record of a commit that changed one key. */
__noinline int log_one(__u64 lsn, __u32 lines, __u64 ref, __u32 op)
{
	__u64 at = (lsn - lines) * BPFDB_LOG_LINE + sizeof(struct log_record);

	return log_finish(lsn, lines, log_entry_put(at, ref, op), 1);
}

/* The record of a FLUSHALL, of one line. */
__noinline int log_flush(__u64 lsn)
{
	struct control *ctl = control();
	struct log_entry *e;

	if (!ctl)
		return -EINVAL;
	e = log_at(ctl, (lsn - 1) * BPFDB_LOG_LINE + sizeof(struct log_record));
	if (!e)
		return -EINVAL;
	e->value_len = 0;
	e->key_len = 0;
	e->op = LOG_FLUSH;
	e->_pad = 0;
	return log_finish(lsn, 1, sizeof(*e), 1);
}

/* What a run answers depends on the commit `lsn`: in sync mode the reply must wait for it. */
static __always_inline void log_depend(struct scratch *s, __u64 lsn)
{
	if (lsn > s->lsn)
		s->lsn = lsn;
}

#endif
