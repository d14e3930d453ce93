/* SPDX-License-Identifier: GPL-2.0 */
/* command_multi.bpf.h - MULTI, EXEC, DISCARD, WATCH, UNWATCH, and EXEC and DISCARD without MULTI. */
#ifndef COMMAND_MULTI_BPF_H
#define COMMAND_MULTI_BPF_H

#include "command_frame.bpf.h"
#include "exec.bpf.h"

#define COMMAND_KNOWN (-1) /* no enum serve_status: the command exists and its arity is right */

#define NAME_DISCARD (NAME('D', 'I', 'S', 'C', 'A', 'R') | (__u64)'D' << 48)
#define NAME_UNWATCH (NAME('U', 'N', 'W', 'A', 'T', 'C') | (__u64)'H' << 48)

static __always_inline int command_multi(struct scratch *s, struct conn *c)
{
	if (s->txn) {
		reply_text(s, "-ERR MULTI is not allowed inside a transaction\r\n");
		return SERVE_DONE;
	}
	c->multi = BPFDB_MULTI_OPEN;
	return reply_ok(s);
}

static __always_inline int command_exec(struct scratch *s, struct conn *c)
{
	if (s->argc > 1)
		return exec_arity(s, c);
	reply_text(s, "-ERR EXEC without MULTI\r\n");
	return SERVE_DONE;
}

static __always_inline int command_discard(struct scratch *s)
{
	reply_text(s, "-ERR DISCARD without MULTI\r\n");
	return SERVE_DONE;
}

/* Reads the keys named in s->txn. 0 or a negative errno. */
static __always_inline int watch_keys(struct scratch *s)
{
	int n;

	for (__u32 i = 1; i < s->argc && CAN_LOOP; i = forget(s, i + 1)) {
		n = stage_argument(s, i);
		if (!n)
			n = read_presence(s);
		if (n < 0)
			return n;
	}
	return 0;
}

/*
 * Takes the transaction that reads the watched keys, a new one if there is none. 0, or a negative
 * errno; -ESTALE: it was idle for too long, and EXEC will find that out.
 */
static __always_inline int watch_enter(struct conn *c)
{
	int txn, err;

	if (!c->watch) {
		txn = txn_begin(watch_token(c), BPFDB_TXN_INTERACTIVE);
		if (txn < 0)
			return txn;
		c->watch = txn;
	}
	err = txn_enter(c->watch, watch_token(c));
	if (err == -ESTALE)
		c->watch = BPFDB_TXN_GONE;
	return err;
}

/* Reads the keys; on an error those of this request are not watched. */
static __always_inline int watch_run(struct scratch *s, struct conn *c)
{
	__u32 txn = c->watch, reads;
	struct txn *t = txn_at(txn);
	int err;

	if (!t)
		return -EINVAL;
	reads = t->reads_len;
	s->txn = txn;
	err = watch_keys(s);
	s->txn = 0;
	if (err && !reads) {
		c->watch = 0;
		txn_abort(txn);
		return err;
	}
	if (err)
		txn_rewind(txn, reads);
	txn_leave(txn);
	return err;
}

__noinline int command_watch(struct scratch *s, struct conn *c)
{
	int err;

	if (!s || !c)
		return -EINVAL;
	if (s->txn) {
		reply_text(s, "-ERR WATCH is not allowed inside a transaction\r\n");
		return SERVE_DONE;
	}
	if (arguments_exceed(s, 1, 1, BPFDB_MAX_KEY))
		return reply_key_error(s);
	err = watch_enter(c);
	if (err == -EAGAIN) {
		reply_text(s, "-ERR too many open transactions\r\n");
		return SERVE_DONE;
	}
	if (!err)
		err = watch_run(s, c);
	return err && err != -ESTALE ? command_fail(s, err, s->out_len) : reply_ok(s);
}

/* Inside EXEC it comes too late to change anything. */
static __always_inline int command_unwatch(struct scratch *s, struct conn *c)
{
	if (!s->exec.txn)
		watch_end(c);
	return reply_ok(s);
}

#endif
