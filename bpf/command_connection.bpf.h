/* SPDX-License-Identifier: GPL-2.0 */
/* command_connection.bpf.h - PING, ECHO, SELECT. */
#ifndef COMMAND_CONNECTION_BPF_H
#define COMMAND_CONNECTION_BPF_H

#include "command_frame.bpf.h"

__noinline int command_echo(struct scratch *s)
{
	int err;

	if (!s)
		return -EINVAL;
	err = reply_argument(s, 1);
	return err ? command_fail(s, err, s->out_len) : SERVE_DONE;
}

static __always_inline int command_ping(struct scratch *s)
{
	if (s->argc > 2)
		return reply_arity(s);
	if (s->argc == 2)
		return command_echo(s);
	reply_text(s, "+PONG\r\n");
	return SERVE_DONE;
}

/* There is one database, number 0. */
__noinline int command_select(struct scratch *s)
{
	struct arg *index;

	if (!s)
		return -EINVAL;
	index = argument(s, 1);
	if (number_read(s, 0, index->off, index->len))
		reply_text(s, "-ERR value is not an integer or out of range\r\n");
	else if (s->number != (int)s->number)
		reply_text(s, "-ERR value is out of range, "
			      "value must between -2147483648 and 2147483647\r\n");
	else if (s->number)
		reply_text(s, "-ERR DB index is out of range\r\n");
	else
		reply_ok(s);
	return SERVE_DONE;
}

#endif
