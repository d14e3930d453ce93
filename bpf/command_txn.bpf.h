/* SPDX-License-Identifier: GPL-2.0 */
/* command_txn.bpf.h - BEGIN [READONLY], COMMIT, ABORT, and commands in a transaction. */
#ifndef COMMAND_TXN_BPF_H
#define COMMAND_TXN_BPF_H

#include "command_frame.bpf.h"

#define WORD_READONLY 0x594c4e4f44414552ULL /* "READONLY" as it lies in memory */

__noinline int command_begin(struct scratch *s, struct conn *c)
{
	__u32 flags = BPFDB_TXN_INTERACTIVE | BPFDB_TXN_SNAPSHOT;
	int txn;

	if (!s || !c)
		return -EINVAL;
	if (s->argc > 2 || (s->argc == 2 && argument_name(s, 1) != WORD_READONLY)) {
		reply_text(s, "-ERR syntax error, BEGIN takes READONLY or nothing\r\n");
		return SERVE_DONE;
	}
	if (c->txn) {
		reply_text(s, "-ERR BEGIN calls can not be nested\r\n");
		return SERVE_DONE;
	}
	if (s->argc == 2)
		flags |= BPFDB_TXN_READONLY;
	txn = txn_begin(c->cookie, flags);
	if (txn == -EBUSY)
		return SERVE_BUSY;
	if (txn < 0) {
		reply_text(s, "-ERR too many open transactions\r\n");
		return SERVE_DONE;
	}
	c->txn = txn;
	return reply_ok(s);
}

__noinline int command_commit(struct scratch *s, struct conn *c)
{
	int err;

	if (!s || !c)
		return -EINVAL;
	if (!s->txn) {
		reply_text(s, "-ERR COMMIT without BEGIN\r\n");
		return SERVE_DONE;
	}
	err = txn_commit_or_keep(s, s->txn);
	if (err == -EXFULL)
		return SERVE_LOG;
	c->txn = 0;
	s->txn = 0;
	if (!err)
		return reply_ok(s);
	if (err != -EAGAIN && err != -ENOSPC)
		return command_fail(s, err, s->out_len);
	reply_text(s, "-CONFLICT transaction conflict, retry\r\n");
	return SERVE_DONE;
}

__noinline int command_abort(struct scratch *s, struct conn *c)
{
	if (!s || !c)
		return -EINVAL;
	if (!s->txn) {
		reply_text(s, "-ERR ABORT without BEGIN\r\n");
		return SERVE_DONE;
	}
	c->txn = 0;
	txn_abort(s->txn);
	s->txn = 0;
	return reply_ok(s);
}

/*
 * Takes the connection's transaction for one request. 0, -EBUSY, or -ESTALE when it was idle
 * too long: the connection then has BPFDB_TXN_GONE until it says COMMIT or ABORT, lest
 * what it believes to be in a transaction take effect outside.
 */
static __always_inline int command_enter(struct scratch *s, struct conn *c)
{
	int err;

	s->txn = 0;
	if (!c->txn)
		return 0;
	err = txn_enter(c->txn, c->cookie);
	if (!err)
		s->txn = c->txn;
	if (err == -ESTALE)
		c->txn = BPFDB_TXN_GONE;
	return err;
}

static __always_inline void command_leave(struct scratch *s)
{
	if (s->txn)
		txn_leave(s->txn);
}

/* Answers a request in a transaction that is no more. */
__noinline int command_gone(struct scratch *s, struct conn *c)
{
	__u64 name;

	if (!s || !c)
		return -EINVAL;
	name = argument_name(s, 0);
	if (name == NAME('C', 'O', 'M', 'M', 'I', 'T') || name == NAME('A', 'B', 'O', 'R', 'T', 0))
		c->txn = 0;
	if (name == NAME('A', 'B', 'O', 'R', 'T', 0))
		return reply_ok(s);
	if (name == NAME('Q', 'U', 'I', 'T', 0, 0))
		return SERVE_USER;
	reply_text(s, "-TIMEOUT the transaction was idle for too long and has been aborted\r\n");
	return SERVE_DONE;
}

#endif
