/* SPDX-License-Identifier: GPL-2.0 */
/* command_counter.bpf.h - INCR, DECR, INCRBY, DECRBY. */
#ifndef COMMAND_COUNTER_BPF_H
#define COMMAND_COUNTER_BPF_H

#include "command_frame.bpf.h"

#define LONG_MIN (-0x7fffffffffffffffLL - 1)

/* No errno of the engine: the reply is an error, and was appended. */
#define COUNTER_REFUSED 1

static __always_inline int reply_not_integer(struct scratch *s)
{
	reply_text(s, "-ERR value is not an integer or out of range\r\n");
	return COUNTER_REFUSED;
}

/* Reads the number that was found, 0 if nothing was, into s->number. */
static __always_inline int counter_read(struct scratch *s)
{
	__u32 len = s->found.value_len;
	int err;

	s->number = 0;
	if (!kv_exists(s) || len > NUMBER_MAX_TEXT) {
		err = kv_confirm(s);
		if (err)
			return err;
		return kv_exists(s) ? reply_not_integer(s) : 0;
	}
	err = kv_fetch(s, s->out_len);
	if (err)
		return err;
	return number_read(s, 1, s->out_len, len) ? reply_not_integer(s) : 0;
}

/* Installs value in place of what was found. */
static __always_inline int counter_write(struct scratch *s, __s64 value)
{
	__u32 len = number_print(s, value), start = NUMBER_MAX_TEXT - len;
	struct record *rec;
	__s64 ref;
	int err;

	if (start > NUMBER_MAX_TEXT)
		return -EINVAL;
	ref = kv_prepare(s, len);
	if (ref < 0)
		return ref;
	rec = heap_at(ref);
	if (!rec)
		return -EINVAL;
	copy_bytes(record_value(s, rec), s->text + start, len);
	err = kv_put(s, ref);
	if (err)
		kv_drop(ref);
	return err;
}

static __always_inline int counter_try(struct scratch *s, __s64 delta)
{
	__s64 sum;
	int err;

	err = kv_find(s);
	if (!err)
		err = counter_read(s);
	if (err)
		return err;
	if (__builtin_add_overflow(s->number, delta, &sum)) {
		reply_text(s, "-ERR increment or decrement would overflow\r\n");
		return COUNTER_REFUSED;
	}
	err = counter_write(s, sum);
	if (!err)
		reply_number(s, ':', sum);
	return err;
}

__noinline int command_add(struct scratch *s, __s64 delta)
{
	int err = -EBUSY;

	if (!s)
		return -EINVAL;
	if (stage_argument(s, 1))
		return reply_key_error(s);
	for (__u32 i = 0; i < COMMAND_MAX_TRIES && CAN_LOOP; i = forget(s, i + 1)) {
		err = counter_try(s, delta);
		if (err != -EAGAIN)
			break;
	}
	return err < 0 ? command_fail(s, err, s->out_len) : SERVE_DONE;
}

/* Reads argument 2 into s->number; 1 when it is no integer and the reply says so. */
static __always_inline int counter_argument(struct scratch *s)
{
	struct arg *arg = argument(s, 2);

	return number_read(s, 0, arg->off, arg->len) ? reply_not_integer(s) : 0;
}

static __always_inline int command_incrby(struct scratch *s)
{
	if (counter_argument(s))
		return SERVE_DONE;
	return command_add(s, s->number);
}

static __always_inline int command_decrby(struct scratch *s)
{
	if (counter_argument(s))
		return SERVE_DONE;
	if (s->number == LONG_MIN) {
		reply_text(s, "-ERR decrement would overflow\r\n");
		return SERVE_DONE;
	}
	return command_add(s, -s->number);
}

#endif
