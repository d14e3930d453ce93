/* SPDX-License-Identifier: GPL-2.0 */
/* command_key.bpf.h - DEL, EXISTS, DBSIZE. */
#ifndef COMMAND_KEY_BPF_H
#define COMMAND_KEY_BPF_H

#include "command_frame.bpf.h"

/* Deletes the staged key: 1, 0 when it was not there, or a negative errno. */
static __always_inline int delete_key(struct scratch *s)
{
	int err = -EBUSY;

	for (__u32 i = 0; i < COMMAND_MAX_TRIES && CAN_LOOP; i = forget(s, i + 1)) {
		err = kv_find(s);
		if (!err)
			err = kv_delete(s);
		if (err != -EAGAIN)
			break;
	}
	return err;
}

/*
 * Deletes every key named and counts them in s->number. In the client's transaction a
 * second run would find the keys of the first one gone, so it goes on where that stopped.
 */
static __always_inline int del_body(struct scratch *s, struct conn *c)
{
	__u32 done, keys;
	int n = 0;

	done = c->txn ? c->done_args : 0;
	keys = c->txn ? c->done_keys : 0;
	for (; done + 1 < s->argc && CAN_LOOP; done = forget(s, done + 1)) {
		n = stage_argument(s, done + 1);
		if (!n)
			n = delete_key(s);
		if (n < 0)
			break;
		keys += n;
	}
	s->number = keys;
	c->done_args = c->txn && n < 0 ? done : 0;
	c->done_keys = c->txn && n < 0 ? keys : 0;
	return n < 0 ? n : 0;
}

__noinline int command_del(struct scratch *s, struct conn *c)
{
	__u32 start;
	int err;

	if (!s || !c)
		return -EINVAL;
	start = s->out_len;
	if (arguments_exceed(s, 1, 1, BPFDB_MAX_KEY))
		return reply_key_error(s);
	err = command_atomically(s, c, s->argc - 1, del_body);
	return err ? command_fail(s, err, start) : reply_integer(s, s->number);
}

/* Counts the keys that are there in s->number, one named twice twice. */
static __always_inline int exists_body(struct scratch *s, struct conn *c)
{
	__u32 keys = 0;
	int n;

	for (__u32 i = 1; i < s->argc && CAN_LOOP; i = forget(s, i + 1)) {
		n = stage_argument(s, i);
		if (!n)
			n = read_presence(s);
		if (n < 0)
			return n;
		keys += n;
	}
	s->number = keys;
	return 0;
}

__noinline int command_exists(struct scratch *s, struct conn *c)
{
	__u32 start;
	int err;

	if (!s || !c)
		return -EINVAL;
	start = s->out_len;
	if (arguments_exceed(s, 1, 1, BPFDB_MAX_KEY))
		return reply_key_error(s);
	err = command_atomically(s, c, s->argc - 1, exists_body);
	return err ? command_fail(s, err, start) : reply_integer(s, s->number);
}

__noinline int command_dbsize(struct scratch *s, struct conn *c)
{
	struct control *ctl = control();

	if (!s || !c)
		return -EINVAL;
	if (s->txn) {
		reply_text(s, "-ERR DBSIZE is not allowed inside a transaction\r\n");
		return SERVE_DONE;
	}
	s->number = kv_count();
	/* Only after the keys were counted: what was committed meanwhile may count. */
	if (ctl && ctl->log_sync)
		log_depend(s, READ_ONCE(ctl->clock));
	return reply_integer(s, s->number);
}

#endif
