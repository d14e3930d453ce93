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

/* One operation on key number `number`; its error. */
__noinline int bench_one(struct scratch *s, __u32 code, __u64 number, __u32 value_len)
{
	int err;

	if (!s)
		return -EINVAL;
	/* Values start behind the key and hold its number, which a read checks. */
	*(__u64 *)s->in = 0x3a79656b; /* "key:" */
	*(__u64 *)(s->in + 8) = number;
	err = key_stage(s, 0, BENCH_KEY);
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
		__u64 number = code == BENCH_LOAD ? state + i : (draw(&state) >> 32) * keys >> 32;

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
