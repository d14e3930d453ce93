/* SPDX-License-Identifier: GPL-2.0 */
/* command_frame.bpf.h - what all commands share: arguments, errors, retries, atomicity. */
#ifndef COMMAND_FRAME_BPF_H
#define COMMAND_FRAME_BPF_H

#include "reply.bpf.h"

/* Times a command starts over because somebody else changed its keys. */
#define COMMAND_MAX_TRIES 64

/* A name of at most 6 letters as it lies in memory. */
#define NAME(a, b, c, d, e, f)                                                                   \
	((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24 | (__u64)(e) << 32 | \
	 (__u64)(f) << 40)

#define LOG_FAILED                                                                              \
	"-MISCONF the redo log cannot be written, nothing may change: see the server's log\r\n"
#define TXN_TOO_LONG "-ERR transaction writes over 16 MiB, the redo log's limit\r\n"

static __always_inline struct arg *argument(struct scratch *s, __u32 i)
{
	return &s->argv[i & (BPFDB_MAX_ARGS - 1)];
}

/* The first 8 bytes of argument i with its letters in upper case, zero-padded. */
static __always_inline __u64 argument_word(struct scratch *s, __u32 i)
{
	struct arg *arg = argument(s, i);
	__u64 word = *(__u64 *)(s->in + (arg->off & BPFDB_IN_MASK));

	if (arg->len < 8)
		word &= (1ULL << arg->len * 8) - 1;
	/* A small letter is a capital one with bit 5 set; all of them have bit 6. */
	return word & ~((word & 0x4040404040404040ULL) >> 1);
}

/* The same for a name; 0 when it is longer, or ends in NUL and so would look shorter. */
static __always_inline __u64 argument_name(struct scratch *s, __u32 i)
{
	struct arg *arg = argument(s, i);

	return arg->len > 8 || !in_byte(s, arg->off + arg->len - 1) ? 0 : argument_word(s, i);
}

/*
 * Ends a command that failed with -err: either an error reply takes the place of what it
 * appended since reply_start, or serve() has to stop and the command is run again later.
 */
__noinline int command_fail(struct scratch *s, int err, __u32 reply_start)
{
	if (!s)
		return -EINVAL;
	s->out_len = reply_start;
	switch (-err) {
	case EAGAIN:
	case EBUSY:
		return SERVE_BUSY;
	case ENOSPC:
		return SERVE_GROW;
	case EXFULL:
		return SERVE_LOG;
	case ENOBUFS:
		/* An empty area of full size will not be larger next time. */
		return !reply_start && s->out_limit >= REPLY_MAX ? SERVE_USER : SERVE_FULL;
	case ENOMEM:
		s->exec.error = ENOMEM;
		reply_text(s, "-OOM command not allowed when used memory > 'maxmemory'.\r\n");
		break;
	case E2BIG:
		s->exec.error = E2BIG;
		reply_text(s, "-ERR transaction touches too many keys\r\n");
		break;
	case EIO:
		s->exec.error = EIO;
		reply_text(s, LOG_FAILED);
		break;
	case EFBIG:
		s->exec.error = EFBIG;
		reply_text(s, TXN_TOO_LONG);
		break;
	case EROFS:
		reply_text(s, "-READONLY You can't write in a read only transaction.\r\n");
		break;
	default:
		reply_text(s, "-ERR internal error\r\n");
	}
	return SERVE_DONE;
}

static __always_inline int reply_key_error(struct scratch *s)
{
	reply_text(s, "-ERR key exceeds 512 bytes\r\n");
	return SERVE_DONE;
}

static __always_inline int reply_value_error(struct scratch *s)
{
	reply_text(s, "-ERR value exceeds 65536 bytes\r\n");
	return SERVE_DONE;
}

/* Is any argument from `first` on, in steps of `step`, longer than max? */
__noinline int arguments_exceed(struct scratch *s, __u32 first, __u32 step, __u32 max)
{
	if (!s)
		return 1;
	for (__u32 i = first; i < s->argc && CAN_LOOP; i = forget(s, i + step))
		if (argument(s, i)->len > max)
			return 1;
	return 0;
}

static __always_inline int stage_argument(struct scratch *s, __u32 i)
{
	return key_stage(s, argument(s, i)->off, argument(s, i)->len);
}

/* Fetches the memory of the next keys of a command, `step` arguments apart. */
__noinline int arguments_ahead(struct scratch *s, __u32 first, __u32 step)
{
	if (!s || first + BPFDB_PREFETCH * step > s->argc)
		return 0;
	for (__u32 i = 0; i < BPFDB_PREFETCH; i++) {
		stage_argument(s, first + i * step);
		s->ahead[i] = s->key.hash;
	}
	return kv_prefetch(s);
}

/* Appends the value of the staged key, or null. 0 or a negative errno. */
static __always_inline int read_value(struct scratch *s, struct conn *c)
{
	int err = -EBUSY;

	for (__u32 i = 0; i < COMMAND_MAX_TRIES && CAN_LOOP; i = forget(s, i + 1)) {
		err = kv_find(s);
		if (!err)
			err = reply_found(s, c);
		if (err != -EAGAIN)
			break;
	}
	return err;
}

/* Looks the staged key up: 1, 0 or a negative errno. s->found.value_len then counts. */
static __always_inline int read_presence(struct scratch *s)
{
	int err = -EBUSY;

	for (__u32 i = 0; i < COMMAND_MAX_TRIES && CAN_LOOP; i = forget(s, i + 1)) {
		err = kv_find(s);
		if (!err)
			err = kv_confirm(s);
		if (!err)
			return kv_exists(s);
		if (err != -EAGAIN)
			break;
	}
	return err;
}

typedef int (*command_body)(struct scratch *s, struct conn *c);

/* In an open transaction an error must not leave half a command to be committed. */
static __always_inline void command_doom(struct scratch *s, int err)
{
	struct txn *t = txn_at(s->txn);

	if (t && (err == -ENOMEM || err == -E2BIG))
		t->doomed = -err;
}

/*
 * Runs a body that touches several keys as one transaction: the connection's, or one of
 * its own, started over when others get in the way. One key needs none. 0 or a negative errno.
 */
static __always_inline int command_atomically(struct scratch *s, struct conn *c, __u32 keys,
					      command_body body)
{
	__u32 start = s->out_len;
	int err = -EBUSY;

	if (keys == 1)
		return body(s, c);
	if (s->txn) {
		err = body(s, c);
		if (err)
			command_doom(s, err);
		return err;
	}
	for (__u32 i = 0; i < COMMAND_MAX_TRIES && CAN_LOOP; i = forget(s, i + 1)) {
		err = txn_begin(c->cookie, BPFDB_TXN_ONE_SHOT);
		if (err < 0)
			break;
		s->txn = err;
		err = body(s, c);
		if (err)
			txn_abort(s->txn);
		else
			err = txn_commit(s, s->txn);
		s->txn = 0;
		if (err != -EAGAIN)
			break;
		s->out_len = start;
	}
	return err;
}

#endif
