/* SPDX-License-Identifier: GPL-2.0 */
/* command_txn.bpf.h - BEGIN, COMMIT, ABORT. */
#ifndef COMMAND_TXN_BPF_H
#define COMMAND_TXN_BPF_H

#include "command_frame.bpf.h"

__noinline int command_begin(struct scratch *s, struct conn *c)
{
	int txn;

	if (!s || !c)
		return -EINVAL;
	if (c->txn) {
		reply_text(s, "-ERR BEGIN calls can not be nested\r\n");
		return SERVE_DONE;
	}
	txn = txn_begin(c->cookie);
	if (txn < 0) {
		reply_text(s, "-ERR too many open transactions\r\n");
		return SERVE_DONE;
	}
	c->txn = txn;
	return reply_ok(s);
}

__noinline int command_commit(struct scratch *s, struct conn *c)
{
	__u32 txn;
	int err;

	if (!s || !c)
		return -EINVAL;
	txn = c->txn;
	if (!txn) {
		reply_text(s, "-ERR COMMIT without BEGIN\r\n");
		return SERVE_DONE;
	}
	c->txn = 0;
	err = txn_commit(s, txn);
	if (!err)
		return reply_ok(s);
	if (err == -ENOMEM || err == -E2BIG)
		return command_fail(s, err, s->out_len);
	reply_text(s, "-CONFLICT transaction conflict, retry\r\n");
	return SERVE_DONE;
}

__noinline int command_abort(struct scratch *s, struct conn *c)
{
	__u32 txn;

	if (!s || !c)
		return -EINVAL;
	txn = c->txn;
	if (!txn) {
		reply_text(s, "-ERR ABORT without BEGIN\r\n");
		return SERVE_DONE;
	}
	c->txn = 0;
	txn_abort(txn);
	return reply_ok(s);
}

#endif
