//go:build ignore
/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bench.bpf.c - the engine alone: operators called in a loop inside the kernel.
 *
 * Keys are 16 bytes, "key:" and a number spread over the table; each is drawn, built,
 * hashed and looked up like one that came from a request. Every value read is checked.
 */

#include "operators.bpf.h"

char _license[] SEC("license") = "GPL";

#define BENCH_KEY 16
#define BENCH_NUMBERS 65536 /* into in[]: key numbers of the current batch */
#define BENCH_MAX_OPS (1 << 20) /* of one run: within the budget of CAN_LOOP */
#define BENCH_TXN_KEYS 4 /* keys of one transaction */
#define BENCH_TXN_STRIDE 7919 /* a prime between their numbers, lest they be neighbours */
#define BENCH_TXN_TRIES 64

enum bench_code {
	BENCH_GET,
	BENCH_SET,
	BENCH_LOAD, /* SET of keys first, first + 1, ... */
	/* One transaction of BENCH_TXN_KEYS keys is one operation: */
	BENCH_TXN_GET,
	BENCH_TXN_SET,
	BENCH_TXN_RMW, /* GET and SET of each */
};

struct bench_args {
	enum bench_code code;
	__u32 scratch;
	__u32 ops;
	__u32 value_len;
	__u64 keys;
	__u64 first; /* BENCH_LOAD: first key; else the seed of the draw */
	__u64 elapsed_ns;
	__u64 state; /* generator after the run */
	__u32 batch; /* not 0: keys come BPFDB_PREFETCH at a time, as in a pipeline */
	__u32 _pad;
	__s32 error;
	__u32 done;
};

/* xorshift64 (Marsaglia, 2003). */
static __always_inline __u64 draw(__u64 *state)
{
	__u64 x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	*state = x;
	return x;
}

/* Builds and stages key number `number`. */
static __always_inline int bench_key(struct scratch *s, __u64 number)
{
	*(__u64 *)s->in = 0x3a79656b; /* "key:" */
	*(__u64 *)(s->in + 8) = number;
	return key_take(s, 0, BENCH_KEY);
}

/* One operation on key number `number`; its error. Values hold the number. */
static __always_inline int bench_operation(struct scratch *s, __u32 code, __u64 number,
					   __u32 value_len)
{
	int err = bench_key(s, number);

	if (err)
		return err;
	if (code != BENCH_GET) {
		*(__u64 *)(s->in + BENCH_KEY) = number;
		return kv_set(s, BENCH_KEY, value_len);
	}
	err = operator_get(s);
	if (err < 0)
		return err;
	return err != value_len || *(__u64 *)s->out != number ? -ERANGE : 0;
}

__noinline int bench_one(struct scratch *s, __u32 code, __u64 number, __u32 value_len)
{
	return s ? bench_operation(s, code, number, value_len) : -EINVAL;
}

/* The keys of one transaction from number `number` on; the error of the first that failed. */
__noinline int bench_txn_body(struct scratch *s, __u32 code, __u64 number, __u32 value_len,
			      __u64 keys)
{
	int err = 0;

	if (!s)
		return -EINVAL;
	for (__u32 i = unknown_zero(); !err && i < BENCH_TXN_KEYS && CAN_LOOP; i++) {
		if (code != BENCH_TXN_SET)
			err = bench_operation(s, BENCH_GET, number, value_len);
		if (!err && code != BENCH_TXN_GET)
			err = bench_operation(s, BENCH_SET, number, value_len);
		number += BENCH_TXN_STRIDE;
		if (number >= keys)
			number %= keys;
	}
	return err;
}

/* One transaction, run again when others got in the way. */
__noinline int bench_txn(struct scratch *s, __u32 code, __u64 number, __u32 value_len, __u64 keys)
{
	int err = -EAGAIN;

	if (!s || !keys)
		return -EINVAL;
	for (__u32 i = unknown_zero(); err == -EAGAIN && i < BENCH_TXN_TRIES && CAN_LOOP; i++) {
		err = bpfdb_begin(s);
		if (err)
			break;
		err = bench_txn_body(s, code, number, value_len, keys);
		if (err)
			bpfdb_abort(s);
		else
			err = bpfdb_commit(s);
	}
	return err == -EAGAIN ? -EBUSY : err;
}

/* Draws the next batch of key numbers into in[] and fetches their memory. */
__noinline __u64 bench_batch(struct scratch *s, __u64 state, __u64 keys)
{
	if (!s)
		return 0;
	for (int i = 0; i < BPFDB_PREFETCH; i++) {
		__u64 number = (draw(&state) >> 32) * keys >> 32;

		bench_key(s, number);
		s->ahead[i] = s->key.hash;
		*(__u64 *)(s->in + BENCH_NUMBERS + i * 8) = number;
	}
	kv_prefetch(s);
	return state;
}

SEC("syscall")
int bpfdb_bench(struct bench_args *args)
{
	struct scratch *s = scratch_at(args->scratch);
	__u64 state = args->first, keys = args->keys, start;
	__u32 code = args->code, value_len = args->value_len, ops = args->ops, i;
	int err = 0;

	args->error = -EINVAL;
	if (!s || value_len < 8 || value_len > BPFDB_MAX_VALUE)
		return 0;
	s->txn = 0;
	start = bpf_ktime_get_ns();
	for (i = unknown_zero(); i < BENCH_MAX_OPS && i < ops && CAN_LOOP; i++) {
		__u64 number;

		if (code == BENCH_LOAD) {
			number = state + i;
		} else if (args->batch) {
			__u32 at = i % BPFDB_PREFETCH;

			if (!at)
				state = bench_batch(s, state, keys);
			number = *(__u64 *)(s->in + BENCH_NUMBERS + at * 8);
		} else {
			number = (draw(&state) >> 32) * keys >> 32;
		}
		err = code < BENCH_TXN_GET ? bench_one(s, code, number, value_len)
					   : bench_txn(s, code, number, value_len, keys);
		if (err)
			break;
	}
	args->elapsed_ns = bpf_ktime_get_ns() - start;
	args->state = state;
	args->done = i;
	args->error = err;
	return 0;
}
