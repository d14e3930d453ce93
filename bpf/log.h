/* SPDX-License-Identifier: GPL-2.0 */
/*
 * log.h - the redo log's ring, which commits fill and user space empties.
 *
 * A log sequence number (LSN) is a commit timestamp: one atomic add to control.clock takes a
 * transaction's place in the order of commits and its room in the ring at once, as in ERMIA
 * (Kim et al., SIGMOD 2016). It counts lines of 64 bytes; a commit that needs n of them takes the
 * LSN behind its last line. Without a log every commit takes one line of no ring.
 *
 * The ring is made of segments. What begins in one may run into the slack behind it, so that
 * every entry is in one piece; the next one then begins where it would anyway. The mark of
 * a record's first line is its LSN once it is complete: everything else ever written there is lower.
 */
#ifndef LOG_H
#define LOG_H

#define BPFDB_LOG_LINE 64
#define BPFDB_LOG_SEGMENT_SHIFT 24 /* 16 MiB */
#define BPFDB_LOG_SEGMENT_SIZE (1 << BPFDB_LOG_SEGMENT_SHIFT)
#define BPFDB_LOG_SEGMENT_TAIL                                                  \
	((1 << 17) + 4096) /* the largest entry, in bounds the verifier sees */
#define BPFDB_MAX_LOG_SEGMENTS 64
/* Bytes of one commit's record: a quarter of the smallest ring. */
#define BPFDB_MAX_LOG_RECORD (1 << 24)
/* Lines that only FLUSHALL and commits that came to nothing may use. */
#define BPFDB_LOG_HEADROOM 4096

enum log_op {
	LOG_NONE, /* no entry: the record is of a commit that came to nothing */
	LOG_SET,
	LOG_DELETE,
	LOG_FLUSH, /* every key; has no key itself */
};

/* What one commit did. Entries follow, the first right behind. */
struct log_record {
	__u64 lsn;
	__u32 bytes; /* of the record, this header included; a multiple of 8 */
	__u32 entries;
};

/* One key's change. data is the key, zero-padded to 8 bytes, then the value, padded. */
struct log_entry {
	__u32 value_len;
	__u16 key_len;
	__u8 op; /* enum log_op */
	__u8 _pad;
	__u8 data[];
};

#endif
