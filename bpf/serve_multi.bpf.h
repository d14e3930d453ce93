/* SPDX-License-Identifier: GPL-2.0 */
/* serve_multi.bpf.h - requests after MULTI: checked and queued, or one that ends it. */
#ifndef SERVE_MULTI_BPF_H
#define SERVE_MULTI_BPF_H

#include "command.bpf.h"

/* May not be queued: what has a transaction of its own, or sees keys that cannot be validated. */
static __always_inline int multi_excludes(__u64 name)
{
	return name == NAME('D', 'B', 'S', 'I', 'Z', 'E') ||
	       name == NAME('B', 'E', 'G', 'I', 'N', 0) ||
	       name == NAME('C', 'O', 'M', 'M', 'I', 'T') ||
	       name == NAME('A', 'B', 'O', 'R', 'T', 0);
}

/* Queues a request that has been checked. */
static __always_inline int multi_queue(struct scratch *s, struct conn *c)
{
	int err = queue_append(s, c);

	if (err == -ENOSPC)
		return SERVE_GROW;
	if (!err) {
		reply_text(s, "+QUEUED\r\n");
		return SERVE_DONE;
	}
	c->multi |= BPFDB_MULTI_FAILED;
	if (err != -E2BIG)
		return command_fail(s, err, s->out_len);
	if (c->queued >= BPFDB_MAX_QUEUED)
		reply_text(s, "-ERR MULTI queues at most 1024 commands\r\n");
	else
		reply_text(s, "-ERR MULTI queues at most 67584 bytes\r\n");
	return SERVE_DONE;
}

/* A command that is there, with as many arguments as it takes. */
static __always_inline int multi_known(struct scratch *s, struct conn *c, __u64 name)
{
	if (name == NAME('E', 'X', 'E', 'C', 0, 0))
		return s->deferring ? SERVE_SYNC : exec_begin(s, c);
	if (name == NAME_DISCARD) {
		multi_end(c);
		return reply_ok(s);
	}
	if (name == NAME('M', 'U', 'L', 'T', 'I', 0)) {
		reply_text(s, "-ERR MULTI calls can not be nested\r\n");
		return SERVE_DONE;
	}
	if (name == NAME('W', 'A', 'T', 'C', 'H', 0)) {
		reply_text(s, "-ERR WATCH inside MULTI is not allowed\r\n");
		return SERVE_DONE;
	}
	if (!multi_excludes(name))
		return multi_queue(s, c);
	c->multi |= BPFDB_MULTI_FAILED;
	return SERVE_REFUSE;
}

/* Executes a request after MULTI; an enum serve_status. */
__noinline int multi_request(struct scratch *s, struct conn *c)
{
	__u64 name;
	int status;

	if (!s || !c)
		return -EINVAL;
	s->txn = 0;
	name = argument_name(s, 0);
	status = command_run(s, c, 1);
	if (status == COMMAND_KNOWN)
		return multi_known(s, c, name);
	if (status == SERVE_USER && name == NAME('Q', 'U', 'I', 'T', 0, 0))
		return SERVE_USER;
	c->multi |= BPFDB_MULTI_FAILED;
	return status == SERVE_USER ? SERVE_REFUSE : status;
}

#endif
