/* SPDX-License-Identifier: GPL-2.0 */
/* command_set_options.bpf.h - SET with NX, XX, GET; times of expiry are refused. */
#ifndef COMMAND_SET_OPTIONS_BPF_H
#define COMMAND_SET_OPTIONS_BPF_H

#include "command_frame.bpf.h"

#define SET_NX 1
#define SET_XX 2
#define SET_GET 4
#define SET_SYNTAX 8
#define SET_TIME 0xf0 /* one bit for each way to give a time, which exclude each other */
#define SET_EX 0x10
#define SET_PX 0x20
#define SET_EXAT 0x40
#define SET_PXAT 0x80
#define SET_KEEPTTL 0x100
#define SET_EXPIRY (SET_TIME | SET_KEEPTTL)

/* The option argument i is. As in Redis a NUL ends its name. */
__noinline __u32 set_option(struct scratch *s, __u32 i)
{
	__u64 word;

	if (!s)
		return SET_SYNTAX;
	word = argument_word(s, i);

	switch (word & 0xffffff) {
	case 'N' | 'X' << 8:
		return SET_NX;
	case 'X' | 'X' << 8:
		return SET_XX;
	case 'E' | 'X' << 8:
		return SET_EX;
	case 'P' | 'X' << 8:
		return SET_PX;
	}
	if ((__u32)word == ('G' | 'E' << 8 | 'T' << 16))
		return SET_GET;
	if ((word & 0xffffffffffULL) == ('E' | 'X' << 8 | 'A' << 16 | 'T' << 24))
		return SET_EXAT;
	if ((word & 0xffffffffffULL) == ('P' | 'X' << 8 | 'A' << 16 | 'T' << 24))
		return SET_PXAT;
	if (word == ('K' | 'E' << 8 | 'E' << 16 | 'P' << 24 | (__u64)'T' << 32 | (__u64)'T' << 40 |
		     (__u64)'L' << 48))
		return SET_KEEPTTL;
	return SET_SYNTAX;
}

/* All options together; SET_SYNTAX when they do not go together. */
__noinline __u32 set_options(struct scratch *s)
{
	__u32 options = 0;

	if (!s)
		return SET_SYNTAX;
	for (__u32 i = 3; i < s->argc && CAN_LOOP; i = forget(s, i + 1)) {
		__u32 option = set_option(s, i);

		if ((option == SET_NX && (options & SET_XX)) ||
		    (option == SET_XX && (options & SET_NX)) ||
		    ((option & SET_EXPIRY) && (options & SET_EXPIRY & ~option)))
			return SET_SYNTAX;
		if ((option & SET_TIME) && ++i >= s->argc)
			return SET_SYNTAX;
		options = forget(s, options | option);
	}
	return options & SET_SYNTAX ? SET_SYNTAX : options;
}

/* Replies as the options ask for; 1 when the write is not to happen. */
static __always_inline int set_answer(struct scratch *s, struct conn *c, __u32 options)
{
	int exists = kv_exists(s);
	int blocked = ((options & SET_NX) && exists) || ((options & SET_XX) && !exists);
	int err = options & SET_GET ? reply_found(s, c) : kv_confirm(s);

	if (err)
		return err;
	if (!(options & SET_GET)) {
		if (blocked)
			reply_null(s, c);
		else
			reply_ok(s);
	}
	return blocked;
}

/*
 * One attempt: 0 or 1 when done, or a negative errno with nothing done. A call, lest the verifier walk the
 * combinations of its ways out again for the next one.
 */
__noinline int set_try(struct scratch *s, struct conn *c, __u32 options)
{
	struct arg *value;
	__u32 start;
	__s64 ref;
	int err;

	if (!s || !c)
		return -EINVAL;
	value = argument(s, 2);
	start = s->out_len;
	err = kv_find(s);
	if (!err)
		err = set_answer(s, c, options);
	if (err)
		return err;
	ref = kv_prepare(s, value->len);
	if (ref < 0) {
		s->out_len = start;
		return ref;
	}
	kv_fill(s, ref, 0, value->off, value->len);
	err = kv_put(s, ref);
	if (err) {
		kv_drop(ref);
		s->out_len = start;
	}
	return err;
}

__noinline int command_set_options(struct scratch *s, struct conn *c)
{
	__u32 options = set_options(s);
	int err = -EBUSY;

	if (!s || !c)
		return -EINVAL;
	if (options & SET_SYNTAX) {
		reply_text(s, "-ERR syntax error\r\n");
		return SERVE_DONE;
	}
	if (options & SET_EXPIRY) {
		reply_text(s, "-ERR key expiry is not supported\r\n");
		return SERVE_DONE;
	}
	if (stage_argument(s, 1))
		return reply_key_error(s);
	if (argument(s, 2)->len > BPFDB_MAX_VALUE)
		return reply_value_error(s);
	for (__u32 i = 0; i < COMMAND_MAX_TRIES && CAN_LOOP; i = forget(s, i + 1)) {
		err = set_try(s, c, options);
		if (err != -EAGAIN)
			break;
	}
	return err < 0 ? command_fail(s, err, s->out_len) : SERVE_DONE;
}

#endif
