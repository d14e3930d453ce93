/* SPDX-License-Identifier: GPL-2.0 */
/* command_read.bpf.h - GET, MGET, STRLEN. */
#ifndef COMMAND_READ_BPF_H
#define COMMAND_READ_BPF_H

#include "command_frame.bpf.h"

__noinline int command_get(struct scratch *s, struct conn *c)
{
	int err;

	if (!s || !c)
		return -EINVAL;
	if (stage_argument(s, 1))
		return reply_key_error(s);
	err = read_value(s, c);
	return err ? command_fail(s, err, s->out_len) : SERVE_DONE;
}

static __always_inline int mget_body(struct scratch *s, struct conn *c)
{
	int err;

	reply_length(s, '*', s->argc - 1);
	for (__u32 i = 1; i < s->argc && CAN_LOOP; i = forget(s, i + 1)) {
		if (i % BPFDB_PREFETCH == 1)
			arguments_ahead(s, i, 1);
		err = reply_fits(s, REPLY_ROOM) ? stage_argument(s, i) : -ENOBUFS;
		if (!err)
			err = read_value(s, c);
		if (err)
			return err;
	}
	return 0;
}

__noinline int command_mget(struct scratch *s, struct conn *c)
{
	__u32 start;
	int err;

	if (!s || !c)
		return -EINVAL;
	start = s->out_len;
	if (arguments_exceed(s, 1, 1, BPFDB_MAX_KEY))
		return reply_key_error(s);
	err = command_atomically(s, c, s->argc - 1, mget_body);
	return err ? command_fail(s, err, start) : SERVE_DONE;
}

__noinline int command_strlen(struct scratch *s)
{
	int found;

	if (!s)
		return -EINVAL;
	if (stage_argument(s, 1))
		return reply_key_error(s);
	found = read_presence(s);
	if (found < 0)
		return command_fail(s, found, s->out_len);
	return reply_integer(s, found ? s->found.value_len : 0);
}

#endif
