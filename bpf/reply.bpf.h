/* SPDX-License-Identifier: GPL-2.0 */
/*
 * reply.bpf.h - writes replies behind s->out_len.
 *
 * Everything is written in whole words, past the end of the reply: out[] has slack. The
 * caller of a writer without a check has made sure of REPLY_ROOM bytes.
 */
#ifndef REPLY_BPF_H
#define REPLY_BPF_H

#include "resp.bpf.h"

#define REPLY_ROOM 128 /* no reply is longer, values and echoed bytes apart */
#define REPLY_MAX (BPFDB_OUT_MASK + 1) /* bytes of out[] a reply may use */

static __always_inline int reply_fits(struct scratch *s, __u32 bytes)
{
	return s->out_len + bytes <= s->out_limit;
}

static __always_inline void *reply_end(struct scratch *s)
{
	return s->out + (s->out_len & BPFDB_OUT_MASK);
}

static __always_inline void reply_words(struct scratch *s, const char *text, __u32 len)
{
	__u64 *to = reply_end(s), word;

#pragma unroll
	for (__u32 i = 0; i < (len + 7) / 8; i++) {
		__builtin_memcpy(&word, text + i * 8, 8);
		to[i] = word;
	}
	s->out_len += len;
}

/* Appends a string literal as it stands; padded so that it can be stored as words. */
#define reply_text(s, literal)                                                         \
	({                                                                             \
		static const char padded[(sizeof(literal) + 7) & ~7UL] = literal;      \
		_Static_assert(sizeof(literal) <= REPLY_ROOM, "longer than its room"); \
		reply_words(s, padded, sizeof(literal) - 1);                           \
	})

static __always_inline int reply_ok(struct scratch *s)
{
	reply_text(s, "+OK\r\n");
	return SERVE_DONE;
}

/*
 * "<type><n>\r\n" as one word, for n < 100000: the length of a value or the number of
 * array elements. *bytes is its length.
 */
static __always_inline __u64 length_word(__u8 type, __u32 n, __u32 *bytes)
{
	__u64 digits = 0;
	__u32 len = 0;

#pragma unroll
	for (int i = 0; i < 5; i++) {
		__u32 next = tenth(n);

		digits = digits << 8 | ('0' + n - next * 10);
		len++;
		n = next;
		if (!n)
			break;
	}
	*bytes = len + 3;
	return type | digits << 8 | 0x0a0dULL << (8 + 8 * len);
}

static __always_inline void reply_length(struct scratch *s, __u8 type, __u32 n)
{
	__u32 bytes;

	*(__u64 *)reply_end(s) = length_word(type, n, &bytes);
	s->out_len += bytes;
}

static __always_inline void reply_line_end(struct scratch *s)
{
	*(__u16 *)reply_end(s) = 0x0a0d;
	s->out_len += 2;
}

/* "<type><value>\r\n" for any integer. */
__noinline int reply_number(struct scratch *s, __u32 type, __s64 value)
{
	__u32 len, start;
	__u8 *to;

	if (!s)
		return -EINVAL;
	len = number_print(s, value);
	start = NUMBER_MAX_TEXT - len;
	if (start > NUMBER_MAX_TEXT)
		return -EINVAL;
	to = reply_end(s);
	to[0] = type;
	for (int i = 0; i < 3; i++)
		((__u64 *)(to + 1))[i] = ((__u64 *)(s->text + start))[i];
	s->out_len += len + 1;
	reply_line_end(s);
	return 0;
}

static __always_inline int reply_integer(struct scratch *s, __s64 value)
{
	reply_number(s, ':', value);
	return SERVE_DONE;
}

/* c is NULL where there is no connection: RESP2. */
static __always_inline void reply_null(struct scratch *s, struct conn *c)
{
	if (c && c->protocol == 3)
		reply_text(s, "_\r\n");
	else
		reply_text(s, "$-1\r\n");
}

/*
 * Appends what kv_find found, or null. 0; -EAGAIN: look again; -ENOBUFS: no room;
 * or what kv_fetch answers. On an error nothing was appended.
 */
static __always_inline int reply_found(struct scratch *s, struct conn *c)
{
	__u32 len = s->found.value_len, head_len;
	__u64 head;
	int err;

	if (!kv_exists(s)) {
		err = kv_fetch(s, 0);
		if (err)
			return err;
		s->misses++;
		reply_null(s, c);
		return 0;
	}
	if (len > BPFDB_MAX_VALUE)
		return -EAGAIN;
	head = length_word('$', len, &head_len);
	if (!reply_fits(s, head_len + len + 2))
		return -ENOBUFS;
	*(__u64 *)reply_end(s) = head;
	err = kv_fetch(s, s->out_len + head_len);
	if (err)
		return err;
	s->hits++;
	s->out_len += head_len + len;
	reply_line_end(s);
	return 0;
}

/* Appends argument i as a bulk string, or answers -ENOBUFS. */
static __always_inline int reply_argument(struct scratch *s, __u32 i)
{
	__u32 len = s->argv[i].len, off = s->argv[i].off & BPFDB_IN_MASK, first;

	if (len >= REPLY_MAX || !reply_fits(s, len + 12))
		return -ENOBUFS;
	if (len < 100000)
		reply_length(s, '$', len);
	else
		reply_number(s, '$', len);
	first = len > BPFDB_MAX_VALUE ? BPFDB_MAX_VALUE : len;
	copy_bytes(reply_end(s), s->in + off, first);
	s->out_len += first;
	copy_bytes(reply_end(s), s->in + off + first, len - first);
	s->out_len += len - first;
	reply_line_end(s);
	return 0;
}

/* -ERR wrong number of arguments, for a command whose name has at most 8 letters. */
__noinline int reply_arity(struct scratch *s)
{
	__u64 name;
	__u32 len;

	if (!s)
		return -EINVAL;
	len = s->argv[0].len & 15;
	name = *(__u64 *)(s->in + (s->argv[0].off & BPFDB_IN_MASK)) | 0x2020202020202020ULL;
	reply_text(s, "-ERR wrong number of arguments for '");
	*(__u64 *)reply_end(s) = name;
	s->out_len += len;
	reply_text(s, "' command\r\n");
	return SERVE_DONE;
}

#endif
