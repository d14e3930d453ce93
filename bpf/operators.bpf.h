/* SPDX-License-Identifier: GPL-2.0 */
/*
 * operators.bpf.h - the engine for other eBPF programs: include this file, load the object
 * with the options that engine.DB.CollectionOptions gives, and the maps are the engine's.
 *
 *	struct scratch *db = bpfdb_open();
 *	if (!db)
 *		return 0;                       // every area is in use: try another time
 *	bpfdb_set(db, &key, sizeof(key), &value, sizeof(value));
 *	bpfdb_close(db);                        // always, on every way out
 *
 * Between bpfdb_begin and bpfdb_commit or bpfdb_abort the operators belong to one
 * transaction; outside, each commits on its own. Keys and values may be anywhere the
 * kernel can read: stack, map values, packets. All operators work in any context, never
 * sleep, and return 0 or more, or a negative errno:
 *
 *   -ENOENT  no such key                   -EINVAL  key over 512 or value over 65536 bytes
 *   -ENOMEM  memory limit reached          -ENOSPC  memory is being added: try again later
 *   -EBUSY   contention outlasted bounded retries, nothing happened: try again
 *   -EAGAIN  commit: conflict, run the transaction again; begin: too many transactions
 *   -E2BIG   the transaction reads or writes too many keys
 *   -EROFS   a write in a read-only transaction
 */
#ifndef OPERATORS_BPF_H
#define OPERATORS_BPF_H

#include "scratch.bpf.h"
#include "store.bpf.h"

/* Claims a work area for this program run; NULL when all are in use. */
static __always_inline struct scratch *bpfdb_open(void)
{
	struct scratch *db = scratch_claim();

	if (db)
		db->txn = 0;
	return db;
}

/* Gives the area back, and aborts a transaction left open. */
static __always_inline void bpfdb_close(struct scratch *db)
{
	if (db->txn)
		txn_abort(db->txn);
	scratch_release(db);
}

/* Stages a key from anywhere. */
static __always_inline int operator_key(struct scratch *db, const void *key, __u32 len)
{
	if (len > BPFDB_MAX_KEY || bpf_probe_read_kernel(db->in, len, key))
		return -EINVAL;
	return key_stage(db, 0, len);
}

/* Reads the value of s's staged key to the start of out[]; its length, or -errno. */
__noinline int operator_get(struct scratch *db)
{
	int err = -EBUSY;

	if (!db)
		return -EINVAL;
	for (__u32 i = unknown_zero(); i < BPFDB_MAX_TRIES && CAN_LOOP; i++) {
		err = store_find(db);
		if (!err)
			err = store_fetch(db, 0);
		if (err != -EAGAIN)
			break;
	}
	if (err)
		return err == -EAGAIN ? -EBUSY : err;
	return kv_exists(db) ? (int)db->found.value_len : -ENOENT;
}

/* Deletes s's staged key: 1 = it was there, 0 = not, or -errno. */
__noinline int operator_delete(struct scratch *db)
{
	int err = -EBUSY;

	if (!db)
		return -EINVAL;
	for (__u32 i = unknown_zero(); i < BPFDB_MAX_TRIES && CAN_LOOP; i++) {
		err = kv_find(db);
		if (!err)
			err = kv_delete(db);
		if (err != -EAGAIN)
			break;
	}
	return err == -EAGAIN ? -EBUSY : err;
}

/* Copies up to room bytes of the value to `value`; the value's whole length, or -errno. */
static __always_inline int bpfdb_get(struct scratch *db, const void *key, __u32 key_len,
				     void *value, __u32 room)
{
	int len = operator_key(db, key, key_len);

	if (len)
		return len;
	len = operator_get(db);
	if (len >= 0 && room <= BPFDB_MAX_VALUE) {
		__u64 n = len;

		opaque(n);
		if (n > room)
			n = room;
		opaque(n);
		bpf_probe_read_kernel(value, n, db->out);
	}
	return len;
}

/* Writes the value; 0 or -errno. */
static __always_inline int bpfdb_set(struct scratch *db, const void *key, __u32 key_len,
				     const void *value, __u32 value_len)
{
	int err = operator_key(db, key, key_len);

	if (err)
		return err;
	if (value_len > BPFDB_MAX_VALUE || bpf_probe_read_kernel(db->in, value_len, value))
		return -EINVAL;
	return kv_set(db, 0, value_len);
}

/* Removes the key: 1 = it was there, 0 = it was not, or -errno. */
static __always_inline int bpfdb_delete(struct scratch *db, const void *key, __u32 key_len)
{
	int err = operator_key(db, key, key_len);

	return err ? err : operator_delete(db);
}

static __always_inline int operator_begin(struct scratch *db, __u32 flags)
{
	int txn;

	if (db->txn)
		return -EINVAL;
	txn = txn_begin(0, flags);
	if (txn < 0)
		return txn;
	db->txn = txn;
	return 0;
}

/* Begins a transaction that reads the latest versions; commit says whether they were of one instant. */
static __always_inline int bpfdb_begin(struct scratch *db)
{
	return operator_begin(db, BPFDB_TXN_ONE_SHOT);
}

/* Begins one that reads a snapshot: all of one instant, even if its commit is going to conflict. */
static __always_inline int bpfdb_begin_snapshot(struct scratch *db)
{
	return operator_begin(db, BPFDB_TXN_SNAPSHOT);
}

/* Begins one that reads a snapshot and may not write (-EROFS); its commit cannot fail. */
static __always_inline int bpfdb_begin_readonly(struct scratch *db)
{
	return operator_begin(db, BPFDB_TXN_SNAPSHOT | BPFDB_TXN_READONLY);
}

/* Ends the transaction: all its writes become visible at once, or none. */
static __always_inline int bpfdb_commit(struct scratch *db)
{
	__u32 txn = db->txn;

	db->txn = 0;
	return txn ? txn_commit(db, txn) : -EINVAL;
}

/* Ends the transaction; nothing of it happened. */
static __always_inline int bpfdb_abort(struct scratch *db)
{
	__u32 txn = db->txn;

	db->txn = 0;
	return txn ? txn_abort(txn) : -EINVAL;
}

#endif
