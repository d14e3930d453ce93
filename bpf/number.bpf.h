/* SPDX-License-Identifier: GPL-2.0 */
/* number.bpf.h - 64-bit integers as text, in the one form Redis accepts: no plus, no padding. */
#ifndef NUMBER_BPF_H
#define NUMBER_BPF_H

#include "store.bpf.h"

#define NUMBER_MAX_TEXT 20 /* bytes of -9223372036854775808 */
#define NUMBER_LAST_TEN 922337203685477580ULL /* 2^63 / 10; the last digit is 7, or 8 below zero */

/*
 * The value, of which the verifier then knows only that it is a number: with a loop counter
 * that may be any number all iterations look the same, so one walk of the loop proves it.
 */
static __always_inline __u32 forget(struct scratch *s, __u32 value)
{
	WRITE_ONCE(s->forgotten, value);
	return READ_ONCE(s->forgotten);
}

/* n / 10 by reciprocal multiplication, exact for 32 bits. */
static __always_inline __u64 tenth(__u32 n)
{
	return n * 0xcccccccdULL >> 35;
}

/*
 * Reads len bytes at off, of out[] if from_out and else of in[], into s->number.
 * -EINVAL when they are not an integer or out of range.
 */
__noinline int number_read(struct scratch *s, int from_out, __u32 off, __u32 len)
{
	__u32 negative, digit;
	const __u8 *text;
	__u64 value = 0;

	if (!s || !len || len > NUMBER_MAX_TEXT)
		return -EINVAL;
	text = from_out ? s->out + (off & BPFDB_OUT_MASK) : s->in + (off & BPFDB_IN_MASK);
	negative = text[0] == '-';
	if (len == negative || (text[negative] == '0' && len > 1))
		return -EINVAL;
	for (__u32 i = negative; i < NUMBER_MAX_TEXT && CAN_LOOP; i++) {
		if (i >= len)
			break;
		digit = text[i] - '0';
		if (digit > 9 || value > NUMBER_LAST_TEN ||
		    (value == NUMBER_LAST_TEN && digit > 7 + negative))
			return -EINVAL;
		value = value * 10 + digit;
	}
	s->number = negative ? -value : value;
	return 0;
}

/* Prints value into s->text[NUMBER_MAX_TEXT - length..) and returns the length. */
__noinline int number_print(struct scratch *s, __s64 value)
{
	__u64 rest = value < 0 ? -(__u64)value : value;
	__u32 start = NUMBER_MAX_TEXT;

	if (!s)
		return -EINVAL;
	for (__u32 i = NUMBER_MAX_TEXT; i > 0; i--) {
		__u64 next = rest >> 32 ? rest / 10 : tenth(rest);

		s->text[i - 1] = '0' + (rest - next * 10);
		start = i - 1;
		rest = next;
		if (!rest)
			break;
	}
	if (value < 0 && start) {
		start--;
		s->text[start] = '-';
	}
	return NUMBER_MAX_TEXT - start;
}

#endif
