/* SPDX-License-Identifier: GPL-2.0 */
/*
 * exec.bpf.h - EXEC: the queued requests as one transaction in one program run.
 *
 * EXEC is a mode of serve(), not a call inside one: exec_begin puts the queue behind the
 * input and lets the parser go on there, exec_commit takes over at the end of it. So a
 * queued command runs exactly as any other does, and no deeper in calls. Until the commit
 * nothing has happened: exec_abandon puts everything back to before EXEC.
 */
#ifndef EXEC_BPF_H
#define EXEC_BPF_H

#include "multi.bpf.h"

/* Times one EXEC is run because others got in the way; then its caller has to come back. */
#define EXEC_MAX_TRIES 8

#define DISCARDED "-EXECABORT Transaction discarded because of: "

static __always_inline void exec_reply_null(struct scratch *s, struct conn *c)
{
	if (c->protocol == 3)
		reply_text(s, "_\r\n");
	else
		reply_text(s, "*-1\r\n");
}

/* Nothing of the transaction happened, and the reply says why. */
static __always_inline void exec_reply_error(struct scratch *s, __u32 error)
{
	switch (error) {
	case ENOMEM:
		reply_text(s, DISCARDED "OOM command not allowed when used memory > "
					"'maxmemory'.\r\n");
		break;
	case E2BIG:
		reply_text(s, DISCARDED "ERR transaction touches too many keys\r\n");
		break;
	case EIO:
		reply_text(s, DISCARDED "MISCONF the redo log cannot be written, nothing may "
					"change: see the server's log\r\n");
		break;
	case EFBIG:
		reply_text(s, DISCARDED "ERR transaction writes over 16 MiB, the redo log's "
					"limit\r\n");
		break;
	case ENOBUFS:
		reply_text(s, DISCARDED "ERR replies exceed 131072 bytes\r\n");
		break;
	default:
		reply_text(s, DISCARDED "ERR internal error\r\n");
	}
}

/* Goes to the start of the queued requests, and of the reply. */
static __always_inline void exec_start(struct scratch *s, struct conn *c)
{
	s->exec.error = 0;
	s->out_len = s->exec.out_len;
	reply_length(s, '*', c->queued);
	s->next = s->exec.in_len;
}

/* The input is again what it was before EXEC. */
static __always_inline void exec_leave(struct scratch *s)
{
	s->exec.txn = 0;
	s->in_len = s->exec.in_len;
	s->in_pos = s->exec.pos;
	s->next = s->exec.next;
	s->txn = 0;
}

/* Ends EXEC for good, behind the request, with nothing of the transaction done; the reply is next. */
static __always_inline void exec_discard(struct scratch *s, struct conn *c)
{
	txn_abort(s->exec.txn);
	c->watch = 0;
	multi_close(c);
	s->out_len = s->exec.out_len;
	exec_leave(s);
	s->in_pos = s->next;
}

/*
 * Takes the transaction to run in: the one that has read the watched keys, or a new one. 0; -EAGAIN:
 * watched keys are not what they were, or it was idle for too long; -EBUSY.
 */
static __always_inline int exec_enter(struct scratch *s, struct conn *c)
{
	__u32 watch = READ_ONCE(c->watch);
	struct txn *t;
	int txn, err;

	s->exec.watched = 0;
	if (!watch) {
		txn = txn_begin(c->cookie, BPFDB_TXN_ONE_SHOT);
		s->exec.txn = txn < 0 ? 0 : txn;
		return txn < 0 ? -EBUSY : 0;
	}
	err = txn_enter(watch, watch_token(c));
	if (err == -EBUSY)
		return err;
	t = err ? 0 : txn_at(watch);
	if (t && !txn_validate(watch, t->reads_len)) {
		s->exec.txn = watch;
		s->exec.watched = t->reads_len;
		return 0;
	}
	if (t)
		txn_abort(watch);
	c->watch = 0;
	return -EAGAIN;
}

/* As in Redis EXEC with an argument ends what there was to execute. */
static __always_inline int exec_arity(struct scratch *s, struct conn *c)
{
	multi_end(c);
	reply_text(s, DISCARDED "wrong number of arguments for 'exec' command\r\n");
	return SERVE_DONE;
}

/* EXEC after MULTI: an enum serve_status; with SERVE_DONE the next request is the first one queued. */
static __always_inline int exec_begin(struct scratch *s, struct conn *c)
{
	int err;

	if (s->argc > 1)
		return exec_arity(s, c);
	if (c->multi & BPFDB_MULTI_FAILED) {
		multi_end(c);
		reply_text(s, "-EXECABORT Transaction discarded because of previous errors.\r\n");
		return SERVE_DONE;
	}
	if (s->in_len + c->queue_len > BPFDB_MAX_REQUEST)
		return SERVE_USER; /* alone in the area it will find the room */
	err = exec_enter(s, c);
	if (err == -EBUSY)
		return SERVE_BUSY;
	if (err) {
		multi_close(c);
		exec_reply_null(s, c);
		return SERVE_DONE;
	}
	s->exec.pos = s->in_pos;
	s->exec.next = s->next;
	s->exec.in_len = s->in_len;
	s->exec.out_len = s->out_len;
	s->exec.tries = 0;
	exec_start(s, c);
	s->exec.error = queue_load(s, c) ? EINVAL : 0;
	s->in_len += c->queue_len;
	return SERVE_DONE;
}

/* Ends EXEC with an error: the reply to it is complete. */
static __always_inline int exec_fail(struct scratch *s, struct conn *c, __u32 error)
{
	exec_discard(s, c);
	exec_reply_error(s, error);
	return SERVE_DONE;
}

/* Others changed or held what the transaction read or writes: null, another try, or SERVE_BUSY. */
static __always_inline int exec_conflict(struct scratch *s, struct conn *c)
{
	if (s->exec.watched && txn_validate(s->exec.txn, s->exec.watched)) {
		exec_discard(s, c);
		exec_reply_null(s, c);
		return SERVE_DONE;
	}
	if (++s->exec.tries >= EXEC_MAX_TRIES)
		return SERVE_BUSY;
	txn_rewind(s->exec.txn, s->exec.watched);
	exec_start(s, c);
	s->in_pos = s->next;
	return SERVE_DONE;
}

/* All queued requests have been executed: makes it so. An enum serve_status. */
__noinline int exec_commit(struct scratch *s, struct conn *c)
{
	int err;

	if (!s || !c)
		return -EINVAL;
	if (s->exec.error)
		return exec_fail(s, c, s->exec.error);
	err = txn_attempt(s, s->exec.txn);
	if (err == -EAGAIN)
		return exec_conflict(s, c);
	if (err == -ENOSPC)
		return SERVE_GROW;
	if (err == -EXFULL)
		return SERVE_LOG;
	if (err)
		return exec_fail(s, c, -err);
	c->watch = 0;
	multi_close(c);
	exec_leave(s);
	s->in_pos = s->next;
	return SERVE_DONE;
}

/*
 * A queued request could not be executed now: nothing has happened, in_pos is at EXEC and the
 * caller acts on the status and calls again. Only when no area is larger is it an error.
 */
__noinline int exec_abandon(struct scratch *s, struct conn *c, int status)
{
	if (!s || !c)
		return -EINVAL;
	if (status == SERVE_FULL && !s->exec.out_len && s->out_limit >= REPLY_MAX)
		return exec_fail(s, c, ENOBUFS);
	if (status != SERVE_FULL && status != SERVE_BUSY && status != SERVE_GROW &&
	    status != SERVE_LOG)
		return exec_fail(s, c, EINVAL);
	if (c->watch) {
		txn_rewind(s->exec.txn, s->exec.watched);
		txn_leave(s->exec.txn);
	} else {
		txn_abort(s->exec.txn);
	}
	s->out_len = s->exec.out_len;
	exec_leave(s);
	return status;
}

#endif
