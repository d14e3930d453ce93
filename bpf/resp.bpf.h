/* SPDX-License-Identifier: GPL-2.0 */
/*
 * resp.bpf.h - cuts the input into requests (RESP arrays of bulk strings, or inline lines).
 *
 * Reference: the Redis serialization protocol specification; where it is silent, what
 * redis-server 7.0 does: any byte may stand for the LF of a header, any two bytes may end
 * a bulk string, a NUL hides the rest of a line. A request is parsed from its start on
 * every attempt; bulk strings are skipped, so the cost is per argument, not per byte.
 */
#ifndef RESP_BPF_H
#define RESP_BPF_H

#include "number.bpf.h"

#define RESP_MAX_LINE 65536 /* bytes of an inline request or header before its end */
#define RESP_MAX_BULK (512 << 20) /* longest bulk string Redis would announce */
#define RESP_MAX_COUNT 0x7fffffff

/* What stands at s->in_pos. */
enum parse {
	PARSE_REQUEST, /* a request: argc, argv and next are set */
	PARSE_EMPTY, /* nothing to execute up to next */
	PARSE_PARTIAL,
	PARSE_QUOTED, /* an inline request with quotes, up to next */
	PARSE_ERROR, /* s->error and s->error_byte are set */
};

/* Digits of a header that the fast parser takes. */
#define HEADER_FAST_DIGITS 7

static __always_inline __u8 in_byte(struct scratch *s, __u32 pos)
{
	return s->in[pos & BPFDB_IN_MASK];
}

static __always_inline int parse_error(struct scratch *s, enum protocol_error error)
{
	s->error = error;
	return PARSE_ERROR;
}

/*
 * Bytes from pos to the first `end` byte; or, negated, PARSE_PARTIAL when it has not come,
 * PARSE_ERROR `too_big` when it is too far.
 */
__noinline int resp_find(struct scratch *s, __u32 pos, __u32 end, __u32 too_big)
{
	__u32 len;

	if (!s)
		return -EINVAL;
	len = s->in_len - pos;
	for (__u32 i = 0; i <= RESP_MAX_LINE && i < len && CAN_LOOP; i = forget(s, i + 1)) {
		__u8 byte = in_byte(s, pos + i);

		if (byte == end)
			return i;
		if (!byte)
			break;
	}
	if (len > RESP_MAX_LINE)
		return -parse_error(s, too_big);
	return -PARSE_PARTIAL;
}

/*
 * The header at pos, of either type, by the book. Returns the position behind it in the
 * upper and its number in the lower half; with an upper half of 0, an enum parse.
 */
__noinline __u64 resp_header(struct scratch *s, __u32 pos, __u32 type)
{
	int end, bulk = type == '$';
	__u8 first;

	if (!s)
		return PARSE_ERROR;
	end = resp_find(s, pos, '\r', bulk ? PROTOCOL_BIG_BULK : PROTOCOL_BIG_MULTIBULK);
	if (end < 0)
		return -end;
	if (pos + end + 2 > s->in_len)
		return PARSE_PARTIAL;
	first = in_byte(s, pos);
	if (first != type) {
		/* As Redis prints it: an error reply is one line. */
		s->error_byte = first == '\r' || first == '\n' ? ' ' : first;
		return parse_error(s, PROTOCOL_EXPECTED_DOLLAR);
	}
	if (number_read(s, 0, pos + 1, end - 1) ||
	    s->number > (bulk ? RESP_MAX_BULK : RESP_MAX_COUNT) || (bulk && s->number < 0))
		return parse_error(s, bulk ? PROTOCOL_BULK_LENGTH : PROTOCOL_MULTIBULK_LENGTH);
	if (s->number < 0)
		s->number = 0;
	return (__u64)(pos + end + 2) << 32 | (__u32)s->number;
}

/* The same for a complete header of few digits; 0 when resp_header has to look. */
static __always_inline __u64 resp_header_fast(struct scratch *s, __u32 pos, __u8 type)
{
	const __u8 *text = s->in + (pos & BPFDB_IN_MASK);
	__u32 number, digit;

	number = text[1] - '0';
	if (text[0] != type || number > 9 || (!number && text[2] != '\r'))
		return 0;
	for (__u32 i = 2; i < 2 + HEADER_FAST_DIGITS; i++) {
		if (text[i] == '\r') {
			pos += i + 2;
			return pos > s->in_len ? 0 : (__u64)pos << 32 | number;
		}
		digit = text[i] - '0';
		if (digit > 9)
			return 0;
		number = number * 10 + digit;
	}
	return 0;
}

/* Does a blank end a word inside a line? Only before a word VT and FF are blanks too. */
static __always_inline int is_blank(__u8 byte, int in_word)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n' ||
	       (!in_word && (byte == '\v' || byte == '\f'));
}

/* Splits the inline request at in_pos into words. */
__noinline int resp_inline(struct scratch *s)
{
	__u32 pos, end, start = 0, argc, in_word = 0;
	int line;

	if (!s)
		return PARSE_ERROR;
	pos = READ_ONCE(s->in_pos);
	line = resp_find(s, pos, '\n', PROTOCOL_BIG_INLINE);
	if (line < 0)
		return -line;
	end = pos + line;
	s->next = end + 1;
	argc = 0;
	/* The line's end is read too: it ends the last word. */
	for (; pos <= end && CAN_LOOP; pos = forget(s, pos + 1)) {
		__u8 byte = in_byte(s, pos);

		if (byte == '"' || byte == '\'')
			return PARSE_QUOTED;
		if (is_blank(byte, in_word)) {
			if (!in_word)
				continue;
			argc = forget(s, argc);
			if (argc >= BPFDB_MAX_ARGS)
				return parse_error(s, PROTOCOL_BIG_REQUEST);
			s->argv[argc & (BPFDB_MAX_ARGS - 1)].off = start;
			s->argv[argc & (BPFDB_MAX_ARGS - 1)].len = pos - start;
			argc++;
			in_word = 0;
		} else if (!in_word) {
			start = pos;
			in_word = 1;
		}
	}
	s->argc = argc;
	return argc ? PARSE_REQUEST : PARSE_EMPTY;
}

/* An incomplete request that already fills the area can never be completed. */
static __always_inline int resp_partial(struct scratch *s)
{
	if (s->in_len - s->in_pos >= BPFDB_MAX_REQUEST)
		return parse_error(s, PROTOCOL_BIG_REQUEST);
	return PARSE_PARTIAL;
}

/* Parses the request at in_pos < in_len; returns an enum parse. */
__noinline int resp_parse(struct scratch *s)
{
	__u32 start, pos, len, count, argc;
	__u64 header;

	if (!s)
		return PARSE_ERROR;
	start = READ_ONCE(s->in_pos);
	if (in_byte(s, start) != '*')
		return resp_inline(s);
	header = resp_header_fast(s, start, '*');
	if (!header)
		header = resp_header(s, start, '*');
	pos = header >> 32;
	if (!pos)
		return header == PARSE_PARTIAL ? resp_partial(s) : header;
	count = header;
	s->next = pos;
	if (count > BPFDB_MAX_ARGS)
		return parse_error(s, PROTOCOL_BIG_REQUEST);
	if (!count)
		return PARSE_EMPTY;
	for (argc = 0; argc < count && CAN_LOOP; argc = forget(s, argc + 1)) {
		header = resp_header_fast(s, pos, '$');
		if (!header)
			header = resp_header(s, pos, '$');
		pos = header >> 32;
		if (!pos)
			return header == PARSE_PARTIAL ? resp_partial(s) : header;
		len = header;
		s->argv[argc & (BPFDB_MAX_ARGS - 1)].off = pos;
		s->argv[argc & (BPFDB_MAX_ARGS - 1)].len = len;
		pos += len + 2;
		if (pos - start > BPFDB_MAX_REQUEST)
			return parse_error(s, PROTOCOL_BIG_REQUEST);
		if (pos > s->in_len)
			return resp_partial(s);
	}
	s->argc = count;
	s->next = pos;
	return PARSE_REQUEST;
}

#endif
