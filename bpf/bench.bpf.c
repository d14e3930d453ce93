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

enum bench_code {
	BENCH_GET,
	BENCH_SET,
	BENCH_LOAD, /* SET of keys first, first + 1, ... */
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
__noinline int bench_one(struct scratch *s, __u32 code, __u64 number, __u32 value_len)
{
	int err;

	if (!s)
		return -EINVAL;
	err = bench_key(s, number);
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
		err = bench_one(s, code, number, value_len);
		if (err)
			break;
	}
	args->elapsed_ns = bpf_ktime_get_ns() - start;
	args->state = state;
	args->done = i;
	args->error = err;
	return 0;
}
