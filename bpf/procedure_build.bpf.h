/* SPDX-License-Identifier: GPL-2.0 */
/*
 * procedure_build.bpf.h - arguments of a stored procedure, and the keys and values made of them.
 *
 * Keys and values are readable text, so that any client can read them back. One is put
 * together in s->built out of pieces of at most BUILD_MAX_PIECE bytes; longer input never
 * gets here, for a procedure checks its arguments first. Pieces are stored in whole words,
 * past their end: they are for appending, not for changing the middle of something.
 */
#ifndef PROCEDURE_BUILD_BPF_H
#define PROCEDURE_BUILD_BPF_H

#include "command_frame.bpf.h"

#define BUILD_MAX_PIECE 24
#define BUILD_MAX_DIGITS 20

/* Argument i, counted behind CALL and the procedure's name. */
static __always_inline struct arg *procedure_argument(struct scratch *s, __u32 i)
{
	return argument(s, i + 2);
}

static __always_inline const __u8 *argument_text(struct scratch *s, __u32 i)
{
	return s->in + (procedure_argument(s, i)->off & BPFDB_IN_MASK);
}

/*
 * Are the first `len` bytes of the word decimal digits? All at once: both the high halves of
 * the bytes and those of the bytes + 6 must be 3 (as in simdjson's number parser).
 */
static __always_inline int word_is_digits(__u64 word, __u32 len)
{
	const __u64 high = 0xf0f0f0f0f0f0f0f0ULL;

	if (len < 8) {
		word &= (1ULL << len * 8) - 1;
		word |= 0x3030303030303030ULL << len * 8;
	}
	return ((word & high) | ((word + 0x0606060606060606ULL) & high) >> 4) ==
	       0x3333333333333333ULL;
}

/* Is argument i of min..max decimal digits and nothing else? */
__noinline int argument_digits(struct scratch *s, __u32 i, __u32 min, __u32 max)
{
	const __u8 *text;
	__u32 len;

	if (!s || max > BUILD_MAX_DIGITS)
		return 0;
	len = procedure_argument(s, i)->len;
	text = argument_text(s, i);
	if (len < min || len > max)
		return 0;
	for (__u32 at = 0; at < BUILD_MAX_PIECE; at += 8) {
		if (at >= len)
			break;
		if (!word_is_digits(*(__u64 *)(text + at), len - at))
			return 0;
	}
	return 1;
}

/* Reads argument i, a 64-bit integer, into s->number: 0, or -EINVAL when it is none. */
static __always_inline int argument_integer(struct scratch *s, __u32 i)
{
	struct arg *arg = procedure_argument(s, i);

	return number_read(s, 0, arg->off, arg->len);
}

/* The value of argument i, at most 3 digits, leading zeros allowed; ~0 when it is no such. */
__noinline __u32 argument_small(struct scratch *s, __u32 i)
{
	const __u8 *text;
	__u32 value = 0;

	if (!s || !argument_digits(s, i, 1, 3))
		return ~0;
	text = argument_text(s, i);
	for (__u32 at = 0; at < 3; at++) {
		if (at >= procedure_argument(s, i)->len)
			break;
		value = value * 10 + text[at] - '0';
	}
	return value;
}

/* Have two arguments of at most BUILD_MAX_PIECE bytes the same text? */
static __always_inline int arguments_equal(struct scratch *s, __u32 i, __u32 j)
{
	__u32 len = procedure_argument(s, i)->len;

	if (len != procedure_argument(s, j)->len)
		return 0;
	for (__u32 at = 0; at < BUILD_MAX_PIECE && at < len; at++)
		if (argument_text(s, i)[at] != argument_text(s, j)[at])
			return 0;
	return 1;
}

static __always_inline void *built_end(struct scratch *s)
{
	return s->built + (s->built_len & BPFDB_BUILT_MASK);
}

/* Starts a key with its four letters, such as "b:s:". */
static __always_inline void build_prefix(struct scratch *s, const char *prefix)
{
	__u32 word;

	__builtin_memcpy(&word, prefix, sizeof(word));
	*(__u32 *)s->built = word;
	s->built_len = sizeof(word);
}

/* Starts a value, or a key without prefix. */
static __always_inline void build_nothing(struct scratch *s)
{
	s->built_len = 0;
}

static __always_inline void build_byte(struct scratch *s, __u8 byte)
{
	*(__u8 *)built_end(s) = byte;
	s->built_len++;
}

/* Appends len bytes at from, whose area must have room for BUILD_MAX_PIECE. */
static __always_inline void build_piece(struct scratch *s, const void *from, __u32 len)
{
	__u64 *to = built_end(s);

	to[0] = ((const __u64 *)from)[0];
	to[1] = ((const __u64 *)from)[1];
	to[2] = ((const __u64 *)from)[2];
	s->built_len += len;
}

static __always_inline void build_argument(struct scratch *s, __u32 i)
{
	build_piece(s, argument_text(s, i), procedure_argument(s, i)->len);
}

/* Appends the first len bytes of a word as it lies in memory. */
static __always_inline void build_word(struct scratch *s, __u64 word, __u32 len)
{
	*(__u64 *)built_end(s) = word;
	s->built_len += len;
}

static __always_inline void build_number(struct scratch *s, __s64 value)
{
	__u32 len = number_print(s, value), start = NUMBER_MAX_TEXT - len;

	if (start <= NUMBER_MAX_TEXT)
		build_piece(s, s->text + start, len);
}

/* Two digits of value, which is below 100. */
static __always_inline void build_two_digits(struct scratch *s, __u32 value)
{
	__u32 tens = tenth(value);

	build_word(s, ('0' + tens) | ('0' + value - tens * 10) << 8, 2);
}

#endif
