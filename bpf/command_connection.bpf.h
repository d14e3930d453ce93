/* SPDX-License-Identifier: GPL-2.0 */
/* command_connection.bpf.h - PING, ECHO. */
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

#endif
