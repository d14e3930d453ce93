/* SPDX-License-Identifier: GPL-2.0 */
/* txn_log.bpf.h - the redo record of a transaction. */
#ifndef TXN_LOG_BPF_H
#define TXN_LOG_BPF_H

#include "txn_sets.bpf.h"

/* Puts write i into the redo log, at position `at` of its ring: the bytes it took. */
__noinline int txn_log_one(__u32 txn, __u32 i, __u64 at)
{
	struct txn *t = txn_at(txn);
	struct txn_write *w = t ? txn_write_at(t, i) : 0;

	if (!w || w->flags & BPFDB_WRITE_NOOP)
		return 0;
	return log_entry_put(at, w->ref, w->flags & BPFDB_WRITE_DELETES ? LOG_DELETE : LOG_SET);
}

/* Logs a transaction that is certain to commit, before it publishes. */
__noinline int txn_log(__u32 txn, __u64 lsn, __u32 lines)
{
	struct txn *t = txn_at(txn);
	__u64 start = (lsn - lines) * BPFDB_LOG_LINE + sizeof(struct log_record);
	__u64 bytes = unknown_zero();
	__u32 entries = unknown_zero();

	if (!t)
		return -EINVAL;
	for (__u32 i = unknown_zero(); i < BPFDB_MAX_TXN_WRITES && i < t->writes_len && CAN_LOOP;
	     STEP(i)) {
		__u32 n = txn_log_one(txn, i, start + bytes);

		bytes += n;
		entries += n ? 1 : 0;
	}
	return log_finish(lsn, lines, bytes, entries);
}

#endif
