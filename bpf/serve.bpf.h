/* SPDX-License-Identifier: GPL-2.0 */
/*
 * serve.bpf.h - executes the requests in in[] and writes their replies to out[].
 *
 * The one entry every path uses. A request is executed as a whole or not at all: when
 * serve() stops early, s->in_pos is at the first request not executed, out[0..out_len)
 * holds the replies of all before it, and another call goes on from there.
 */
#ifndef SERVE_BPF_H
#define SERVE_BPF_H

#include "serve_ahead.bpf.h"
#include "serve_multi.bpf.h"

/* Requests of one run, empty ones counted: bounds its time. */
#define SERVE_MAX_REQUESTS (1 << 16)

/* Takes the transaction that the request runs in: EXEC's or the connection's. As command_enter. */
static __always_inline int serve_enter(struct scratch *s, struct conn *c)
{
	if (!s->exec.txn)
		return command_enter(s, c);
	s->txn = s->exec.txn;
	return 0;
}

/* Whether this run is at a hook, where nobody can wait, and replies must wait for the log. */
static __always_inline int serve_defers(struct scratch *s)
{
	struct control *ctl = control();

	return ctl && ctl->log_sync && s->busy;
}

/* Does a reply depend on a commit that is not durable yet? */
static __always_inline int serve_waits(struct scratch *s)
{
	struct control *ctl = control();

	return !ctl || s->lsn > READ_ONCE(ctl->durable);
}

/* Executes the request that was parsed; an enum serve_status. */
static __always_inline int serve_request(struct scratch *s, struct conn *c)
{
	__u32 start = s->out_len, reads;
	int status;

	if (!reply_fits(s, REPLY_ROOM))
		return SERVE_FULL;
	if (c->multi && !s->exec.txn)
		return multi_request(s, c);
	switch (serve_enter(s, c)) {
	case 0:
		reads = txn_reads(s->txn);
		status = command_run(s, c, 0);
		if (status == SERVE_DONE && s->deferring && serve_waits(s)) {
			/* It only read, and will again. */
			status = SERVE_SYNC;
			s->out_len = start;
			txn_forget_reads(s->txn, reads);
		}
		if (s->txn && !s->exec.txn)
			command_leave(s);
		break;
	case -ESTALE:
		status = command_gone(s, c);
		break;
	default:
		return SERVE_BUSY;
	}
	if (status == SERVE_DONE)
		s->commands++;
	return status;
}

/* Takes one step; SERVE_DONE when there may be another. */
static __always_inline int serve_step(struct scratch *s, struct conn *c)
{
	int status;

	switch (resp_parse(s)) {
	case PARSE_REQUEST:
		status = serve_request(s, c);
		if (status)
			return status;
		break;
	case PARSE_EMPTY:
		break;
	case PARSE_PARTIAL:
		return SERVE_PARTIAL;
	case PARSE_QUOTED:
		return SERVE_INLINE;
	default:
		return SERVE_PROTOCOL;
	}
	s->in_pos = s->next;
	return SERVE_DONE;
}

/* Takes a step in the input or, behind what EXEC had queued, commits that. */
static __always_inline int serve_next(struct scratch *s, struct conn *c)
{
	int status = s->in_pos < s->in_len ? serve_step(s, c) : exec_commit(s, c);

	return status && s->exec.txn ? exec_abandon(s, c, status) : status;
}

static __always_inline void serve_count(struct scratch *s, int status)
{
	struct shard *sh = shard();

	if (!sh)
		return;
	if (s->commands)
		__sync_fetch_and_add(&sh->counters[COUNTER_COMMANDS], s->commands);
	if (s->hits)
		__sync_fetch_and_add(&sh->counters[COUNTER_GET_HITS], s->hits);
	if (s->misses)
		__sync_fetch_and_add(&sh->counters[COUNTER_GET_MISSES], s->misses);
	if (status == SERVE_USER)
		__sync_fetch_and_add(&sh->counters[COUNTER_USER_COMMANDS], 1);
}

/* Returns, and leaves in s->status, the enum serve_status that says why it stopped. */
static __always_inline int serve(struct scratch *s, struct conn *c)
{
	int status = SERVE_DONE;

	if (!s || !c)
		return -EINVAL;
	s->commands = 0;
	s->hits = 0;
	s->misses = 0;
	s->exec.txn = 0;
	s->lsn = 0;
	s->deferring = serve_defers(s);
	for (__u32 i = 0; !status && (s->in_pos < s->in_len || s->exec.txn); i = forget(s, i + 1)) {
		if (i >= SERVE_MAX_REQUESTS || !CAN_LOOP) {
			status = s->exec.txn ? exec_abandon(s, c, SERVE_BUSY) : SERVE_FULL;
			break;
		}
		if (i % BPFDB_PREFETCH == 0 && s->in_len - s->in_pos >= AHEAD_LEAST * AHEAD_REQUEST)
			serve_ahead(s);
		status = serve_next(s, c);
	}
	serve_count(s, status);
	s->status = status;
	return status;
}

#endif
