/* SPDX-License-Identifier: GPL-2.0 */
/*
 * call.bpf.h - stored procedures called by other eBPF programs, beside operators.bpf.h.
 *
 *	struct scratch *db = bpfdb_open();
 *	int err;
 *
 *	if (!db)
 *		return 0;
 *	bpfdb_procedure(db, "deposit_checking");
 *	bpfdb_argument(db, account, account_len);
 *	bpfdb_argument_number(db, cents);
 *	err = bpfdb_call(db);
 *	bpfdb_close(db);
 *
 * A call runs inside the transaction that bpfdb_begin opened, or as one of its own.
 */
#ifndef CALL_BPF_H
#define CALL_BPF_H

#include "operators.bpf.h"
#include "procedure.bpf.h"

/*
 * Adds an argument, which may be anywhere the kernel can read: 0, -E2BIG when it is over 512
 * bytes or there is no room, -EINVAL when it cannot be read. The call without it is refused,
 * so that the result may be ignored.
 */
static __always_inline int bpfdb_argument(struct scratch *db, const void *text, __u32 len)
{
	__u32 off = db->in_len, n = db->argc;

	if (len > BPFDB_MAX_KEY || off > BPFDB_IN_MASK || n >= BPFDB_MAX_ARGS)
		return -E2BIG;
	opaque(off);
	opaque(len);
	off &= BPFDB_IN_MASK;
	if (len > BPFDB_MAX_KEY || bpf_probe_read_kernel(db->in + off, len, text))
		return -EINVAL;
	argument(db, n)->off = off;
	argument(db, n)->len = len;
	db->in_len = off + len;
	db->argc = n + 1;
	return 0;
}

/* Adds an integer as text; 0 or -E2BIG. */
static __always_inline int bpfdb_argument_number(struct scratch *db, __s64 value)
{
	__u32 len = number_print(db, value), start = NUMBER_MAX_TEXT - len;

	if (start > NUMBER_MAX_TEXT)
		return -EINVAL;
	return bpfdb_argument(db, db->text + start, len);
}

/* Starts a call. `name` is a literal. */
#define bpfdb_procedure(db, name)                           \
	({                                                  \
		(db)->in_len = 0;                           \
		(db)->argc = 1;                             \
		bpfdb_argument(db, name, sizeof(name) - 1); \
	})

/*
 * Runs the procedure. 0: done; db->number has its result if that is an integer, and
 * db->out[0..db->out_len) its reply in RESP. -ECANCELED: it aborted or refused its
 * arguments, nothing happened, and out[] tells why. Else an errno of operators.bpf.h:
 * nothing happened.
 */
static __always_inline int bpfdb_call(struct scratch *db)
{
	int err;

	db->out_len = 0;
	db->out_limit = REPLY_MAX;
	err = procedure_call(db, 0);
	return err > 0 ? -ECANCELED : err;
}

#endif
