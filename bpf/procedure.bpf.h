/* SPDX-License-Identifier: GPL-2.0 */
/*
 * procedure.bpf.h - the table of stored procedures, and CALL.
 *
 * CALL name argument... runs a procedure inside the open transaction or, without one, as a
 * transaction of its own that is run again, boundedly, when others get in the way.
 *
 * To add a procedure: write it into a header of its own after procedure_voter.bpf.h, with
 * the functions of procedure_frame.bpf.h; include the header here; add a line to
 * procedure_find with its name (at most 24 letters), its number of arguments and its
 * function; `make generate`. It can then be called over RESP on every path, from Go
 * (engine.DB.Call) and from other eBPF programs (call.bpf.h).
 */
#ifndef PROCEDURE_BPF_H
#define PROCEDURE_BPF_H

#include "procedure_smallbank.bpf.h"
#include "procedure_tatp.bpf.h"
#include "procedure_voter.bpf.h"
#include "procedure_ycsb.bpf.h"

#define PROCEDURE_NAME_WORDS 3

static __always_inline int name_equals(const __u64 *words, const char *name)
{
	__u64 want[PROCEDURE_NAME_WORDS];

	__builtin_memcpy(want, name, sizeof(want));
	return words[0] == want[0] && words[1] == want[1] && words[2] == want[2];
}

#define PROCEDURE(name, arguments, run)                                                   \
	({                                                                                \
		static const char padded[PROCEDURE_NAME_WORDS * 8] = name;                \
		if (name_equals(words, padded)) {                                         \
			if (s->argc == (arguments) + 2)                                   \
				return run;                                               \
			return procedure_refuse(                                          \
				s, "wrong number of arguments for procedure '" name "'"); \
		}                                                                         \
	})

/* -ERR unknown procedure 'name': its first 64 bytes up to a NUL, on one line. */
__noinline int reply_unknown_procedure(struct scratch *s)
{
	const __u8 *name;
	__u32 n = 0;

	if (!s)
		return -EINVAL;
	reply_text(s, "-ERR unknown procedure '");
	name = s->in + (argument(s, 1)->off & BPFDB_IN_MASK);
	for (; n < 64 && n < argument(s, 1)->len && name[n]; n++)
		*(__u8 *)(reply_end(s) + n) = name[n] == '\r' || name[n] == '\n' ? ' ' : name[n];
	s->out_len += n;
	reply_text(s, "'\r\n");
	return PROCEDURE_REFUSED;
}

/* Runs the procedure that argument 1 names. */
static __always_inline int procedure_find(struct scratch *s, struct conn *c)
{
	const __u8 *name = s->in + (argument(s, 1)->off & BPFDB_IN_MASK);
	__u64 words[PROCEDURE_NAME_WORDS];
	__u32 len = argument(s, 1)->len;

	if (len > sizeof(words) || (len && !name[(len - 1) & 31]))
		return reply_unknown_procedure(s);
#pragma unroll
	for (int i = 0; i < PROCEDURE_NAME_WORDS; i++) {
		words[i] = ((const __u64 *)name)[i];
		if (len < i * 8 + 8)
			words[i] &= len > i * 8 ? (1ULL << (len - i * 8) * 8) - 1 : 0;
	}
	PROCEDURE("vote", 4, procedure_vote(s));
	PROCEDURE("balance", 1, procedure_balance(s));
	PROCEDURE("deposit_checking", 2, procedure_deposit_checking(s));
	PROCEDURE("transact_savings", 2, procedure_transact_savings(s));
	PROCEDURE("write_check", 2, procedure_write_check(s));
	PROCEDURE("amalgamate", 2, procedure_amalgamate(s));
	PROCEDURE("send_payment", 3, procedure_send_payment(s));
	PROCEDURE("get_subscriber_data", 1, procedure_get_subscriber_data(s, c));
	PROCEDURE("get_access_data", 2, procedure_get_access_data(s, c));
	PROCEDURE("get_new_destination", 4, procedure_get_new_destination(s));
	PROCEDURE("update_location", 2, procedure_update_location(s));
	PROCEDURE("update_subscriber_data", 4, procedure_update_subscriber_data(s));
	PROCEDURE("insert_call_forwarding", 5, procedure_insert_call_forwarding(s));
	PROCEDURE("delete_call_forwarding", 3, procedure_delete_call_forwarding(s));
	PROCEDURE("transfer", 2, procedure_transfer(s));
	PROCEDURE("read_modify_write", 2, procedure_read_modify_write(s, c));
	return reply_unknown_procedure(s);
}

/* One run in transaction s->txn: 0 or PROCEDURE_REFUSED with a reply, or a negative errno. */
static __always_inline int procedure_run(struct scratch *s, struct conn *c, __u32 reply_start)
{
	int err;

	s->pending_len = 0;
	err = procedure_find(s, c);
	if (!err)
		return pending_apply(s);
	pending_drop(s);
	if (err == -EBADMSG) {
		s->out_len = reply_start;
		err = procedure_abort(s, "a stored value is not of the form it must have");
	}
	return err;
}

/*
 * Executes the call in s->argv: 0 or PROCEDURE_REFUSED, and its reply is appended; or a
 * negative errno, nothing happened and nothing is appended: -EAGAIN and -EBUSY
 * contention, -ENOSPC the heap must grow, -ENOBUFS no room for the reply, -ENOMEM, -E2BIG.
 */
__noinline int procedure_call(struct scratch *s, struct conn *c)
{
	int err = -EBUSY, ended;
	__u32 start;

	if (!s)
		return -EINVAL;
	start = s->out_len;
	if (s->txn) {
		err = procedure_run(s, c, start);
	} else {
		for (__u32 i = 0; i < COMMAND_MAX_TRIES && CAN_LOOP; i = forget(s, i + 1)) {
			err = txn_begin(c ? c->cookie : 0, BPFDB_TXN_ONE_SHOT);
			if (err < 0)
				break;
			s->txn = err;
			err = procedure_run(s, c, start);
			ended = err < 0 ? txn_abort(s->txn) : txn_commit(s, s->txn);
			if (err >= 0 && ended)
				err = ended;
			s->txn = 0;
			if (err != -EAGAIN)
				break;
			s->out_len = start;
		}
	}
	if (err < 0)
		s->out_len = start;
	return err;
}

static __always_inline int command_call(struct scratch *s, struct conn *c)
{
	__u32 start = s->out_len;
	int err = procedure_call(s, c);

	return err < 0 ? command_fail(s, err, start) : SERVE_DONE;
}

#endif
