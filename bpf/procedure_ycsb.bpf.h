/* SPDX-License-Identifier: GPL-2.0 */
/*
 * procedure_ycsb.bpf.h - YCSB F's read-modify-write, and the transfer of YCSB+T's closed economy
 * (Dey et al., ICDE Workshops 2014). Their records have whatever keys the client gives them, of
 * 1 to 24 bytes.
 */
#ifndef PROCEDURE_YCSB_BPF_H
#define PROCEDURE_YCSB_BPF_H

#include "procedure_frame.bpf.h"

static __always_inline int record_key_fits(struct scratch *s, __u32 i)
{
	return procedure_argument(s, i)->len - 1 < BUILD_MAX_PIECE;
}

#define record_bad_key(s) procedure_refuse(s, "key must be 1 to 24 bytes")

static __always_inline void build_record_key(struct scratch *s, __u32 i)
{
	build_nothing(s);
	build_argument(s, i);
}

/* transfer <from> <to>: 1 when a unit of cash was moved, 0 when there was none to move */
__noinline int procedure_transfer(struct scratch *s)
{
	__s64 from, to;
	int found;

	if (!s)
		return -EINVAL;
	if (!record_key_fits(s, 0) || !record_key_fits(s, 1))
		return record_bad_key(s);
	if (arguments_equal(s, 0, 1))
		return procedure_abort(s, "accounts must differ");
	build_record_key(s, 0);
	found = procedure_read_number(s);
	from = s->number;
	if (found > 0) {
		build_record_key(s, 1);
		found = procedure_read_number(s);
	}
	to = s->number;
	if (found <= 0)
		return found ? found : procedure_abort(s, "no such account");
	if (from < 1)
		return procedure_integer(s, 0);
	if (__builtin_add_overflow(to, 1, &to))
		return procedure_abort(s, "balance out of range");
	found = procedure_write_number(s, to);
	build_record_key(s, 0);
	if (!found)
		found = procedure_key(s);
	if (!found)
		found = procedure_write_number(s, from - 1);
	return found ? found : procedure_integer(s, 1);
}

/* read_modify_write <key> <value>: the value before, or null */
__noinline int procedure_read_modify_write(struct scratch *s, struct conn *c)
{
	struct arg *value;
	__s64 ref;
	int err;

	if (!s)
		return -EINVAL;
	value = procedure_argument(s, 1);
	if (!record_key_fits(s, 0))
		return record_bad_key(s);
	if (value->len > BPFDB_MAX_VALUE)
		return procedure_refuse(s, "value exceeds 65536 bytes");
	build_record_key(s, 0);
	err = procedure_reply_value(s, c);
	if (err)
		return err;
	ref = kv_prepare(s, value->len);
	if (ref < 0)
		return ref;
	kv_fill(s, ref, 0, value->off, value->len);
	return pending_add(s, ref);
}

#endif
