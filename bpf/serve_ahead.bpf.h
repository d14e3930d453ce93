/* SPDX-License-Identifier: GPL-2.0 */
/*
 * serve_ahead.bpf.h - fetches the memory that pipelined requests are about to need.
 *
 * A request on a table larger than the cache waits for two misses in a row, the key's bucket
 * and its record. Those of several requests are better waited for side by side, which takes a
 * look at the requests to come. It is a glance: what is unusual about them ends it, and they
 * are parsed again when their turn comes.
 */
#ifndef SERVE_AHEAD_BPF_H
#define SERVE_AHEAD_BPF_H

#include "command.bpf.h"

#define AHEAD_LEAST 4 /* requests worth a look at their keys */
#define AHEAD_MAX_ARGS 4 /* of a request that is looked into */
#define AHEAD_WORDS 8 /* of a key, 8 bytes each; longer ones wait for their turn */
#define AHEAD_REQUEST 24 /* bytes of a short request with a key: "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n" */

/* Notes in argv[i] where the first key of the request at pos is. The request's end, or 0. */
static __always_inline __u32 ahead_request(struct scratch *s, __u32 pos, __u32 i)
{
	__u64 header = resp_header_fast(s, pos, '*');
	__u32 args = header;

	if (args < 2 || args > AHEAD_MAX_ARGS)
		return 0;
	pos = header >> 32;
	for (__u32 arg = 0; arg < args && CAN_LOOP; arg = forget(s, arg + 1)) {
		header = resp_header_fast(s, pos, '$');
		pos = (header >> 32) + (__u32)header + 2;
		if (!header || pos > s->in_len)
			return 0;
		if (arg == 1) {
			argument(s, i)->off = header >> 32;
			argument(s, i)->len = header;
		}
	}
	return pos;
}

/* What key_copy makes of a short key. */
static __always_inline __u64 ahead_hash(struct scratch *s, struct arg *key)
{
	const __u8 *from = s->in + (key->off & BPFDB_IN_MASK);
	struct control *ctl = control();
	__u64 hash = key->len;

	if (!ctl)
		return 0;
	for (__u32 i = 0; i < AHEAD_WORDS; i++) {
		if (i * 8 >= key->len)
			break;
		hash += hash_word(key_word(from, i * 8, key->len), ctl->hash_key[i]);
	}
	return mix(hash);
}

/* Looks at the next BPFDB_PREFETCH requests; returns how many it looked at. */
__noinline int serve_ahead(struct scratch *s)
{
	__u64 hash = 0;
	__u32 n, pos;

	if (!s)
		return 0;
	pos = s->in_pos;
	for (n = 0; n < BPFDB_PREFETCH && pos < s->in_len && CAN_LOOP; n = forget(s, n + 1)) {
		pos = ahead_request(s, pos, n);
		if (!pos)
			break;
	}
	if (n < AHEAD_LEAST)
		return n;
	for (__u32 i = 0; i < BPFDB_PREFETCH && CAN_LOOP; i = forget(s, i + 1)) {
		if (i < n)
			hash = ahead_hash(s, argument(s, i));
		s->ahead[i & (BPFDB_PREFETCH - 1)] = hash;
	}
	kv_prefetch(s);
	return n;
}

#endif
