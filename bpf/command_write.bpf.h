/* SPDX-License-Identifier: GPL-2.0 */
/* command_write.bpf.h - SET without options, MSET, APPEND. */
#ifndef COMMAND_WRITE_BPF_H
#define COMMAND_WRITE_BPF_H

#include "command_frame.bpf.h"

__noinline int command_set(struct scratch *s)
{
	struct arg *value;
	int err;

	if (!s)
		return -EINVAL;
	value = argument(s, 2);
	if (stage_argument(s, 1))
		return reply_key_error(s);
	if (value->len > BPFDB_MAX_VALUE)
		return reply_value_error(s);
	err = kv_set(s, value->off, value->len);
	return err ? command_fail(s, err, s->out_len) : reply_ok(s);
}

static __always_inline int mset_body(struct scratch *s, struct conn *c)
{
	int err;

	for (__u32 i = 1; i + 1 < s->argc && CAN_LOOP; i = forget(s, i + 2)) {
		struct arg *value = argument(s, i + 1);

		if (i % (2 * BPFDB_PREFETCH) == 1)
			arguments_ahead(s, i, 2);
		err = stage_argument(s, i);
		if (!err)
			err = kv_set(s, value->off, value->len);
		if (err)
			return err;
	}
	return 0;
}

__noinline int command_mset(struct scratch *s, struct conn *c)
{
	__u32 start;
	int err;

	if (!s || !c)
		return -EINVAL;
	start = s->out_len;
	if (!(s->argc & 1))
		return reply_arity(s);
	if (arguments_exceed(s, 1, 2, BPFDB_MAX_KEY))
		return reply_key_error(s);
	if (arguments_exceed(s, 2, 2, BPFDB_MAX_VALUE))
		return reply_value_error(s);
	err = command_atomically(s, c, s->argc / 2, mset_body);
	return err ? command_fail(s, err, start) : reply_ok(s);
}

/* One attempt: 0, -EAGAIN when the key changed meanwhile, 1 when the reply is an error. */
static __always_inline int append_try(struct scratch *s)
{
	struct arg *tail = argument(s, 2);
	__u32 old, len;
	__s64 ref;
	int err;

	err = kv_find(s);
	if (err)
		return err;
	old = kv_exists(s) ? s->found.value_len : 0;
	len = old + tail->len;
	if (len > BPFDB_MAX_VALUE || old > BPFDB_MAX_VALUE) {
		err = kv_confirm(s);
		if (!err)
			reply_value_error(s);
		return err ? err : 1;
	}
	ref = kv_prepare(s, len);
	if (ref < 0)
		return ref;
	err = kv_carry(s, ref);
	if (!err)
		err = kv_fill(s, ref, old, tail->off, tail->len);
	if (!err)
		err = kv_put(s, ref);
	if (err)
		kv_drop(ref);
	else
		reply_integer(s, len);
	return err;
}

__noinline int command_append(struct scratch *s)
{
	int err = -EBUSY;

	if (!s)
		return -EINVAL;
	if (stage_argument(s, 1))
		return reply_key_error(s);
	for (__u32 i = 0; i < COMMAND_MAX_TRIES && CAN_LOOP; i = forget(s, i + 1)) {
		err = append_try(s);
		if (err != -EAGAIN)
			break;
	}
	return err < 0 ? command_fail(s, err, s->out_len) : SERVE_DONE;
}

#endif
