//go:build ignore
/* SPDX-License-Identifier: GPL-2.0 */
/*
 * softirq.bpf.c - operators from a timer, which interrupts in softirq whatever runs on its
 * CPU, operators included. Every call is written down for a linearizability check.
 */

#include "../operators.bpf.h"

char _license[] SEC("license") = "GPL";

#ifndef BPF_F_TIMER_CPU_PIN
#define BPF_F_TIMER_CPU_PIN 2 /* v6.7; distributions' headers are older */
#endif

#define MAX_WORKERS 16
#define MAX_EVENTS 4096 /* of one worker */

struct event {
	__u64 call_ns;
	__u64 return_ns;
	__u64 value; /* written or read */
	__u32 key;
	__u32 code; /* enum operation_code */
	__s32 result;
	__u32 _pad;
};

struct worker {
	struct bpf_timer timer;
	__u64 period_ns;
	__u64 random;
	__u32 keys;
	__u32 left; /* calls to go */
	__u32 len;
	__u32 id;
};

struct start_args {
	__u64 period_ns;
	__u32 worker;
	__u32 keys;
	__u32 calls;
	__s32 result;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_WORKERS);
	__type(key, __u32);
	__type(value, struct worker);
} workers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_WORKERS *MAX_EVENTS);
	__type(key, __u32);
	__type(value, struct event);
} events SEC(".maps");

struct event *_event_type __attribute__((unused));

/* Calls one operator and writes it down. */
static __always_inline void call_one(struct scratch *db, struct worker *w)
{
	__u32 at = w->id * MAX_EVENTS + w->len;
	struct event *e = bpf_map_lookup_elem(&events, &at);
	__u64 key, value = 0;

	if (!e || w->len >= MAX_EVENTS)
		return;
	w->random = w->random * 6364136223846793005ULL + 1442695040888963407ULL;
	key = (w->random >> 33) % (w->keys ?: 1);
	e->key = key;
	e->code = (w->random >> 60) % 4;
	e->call_ns = bpf_ktime_get_ns();
	if (e->code == OPERATOR_SET) {
		value = (__u64)(w->id + 1) << 32 | w->len;
		e->result = bpfdb_set(db, &key, sizeof(key), &value, sizeof(value));
	} else if (e->code == OPERATOR_DELETE) {
		e->result = bpfdb_delete(db, &key, sizeof(key));
	} else {
		e->code = OPERATOR_GET;
		e->result = bpfdb_get(db, &key, sizeof(key), &value, sizeof(value));
	}
	e->return_ns = bpf_ktime_get_ns();
	e->value = value;
	w->len++;
}

static int tick(void *map, __u32 *id, struct worker *w)
{
	struct scratch *db = bpfdb_open();

	if (db) {
		call_one(db, w);
		bpfdb_close(db);
	}
	if (w->left) {
		w->left--;
		bpf_timer_start(&w->timer, w->period_ns, BPF_F_TIMER_CPU_PIN);
	}
	return 0;
}

/* Starts a worker on the CPU that runs this. */
SEC("syscall")
int start(struct start_args *args)
{
	__u32 id = args->worker;
	struct worker *w = bpf_map_lookup_elem(&workers, &id);

	args->result = -EINVAL;
	if (!w)
		return 0;
	w->period_ns = args->period_ns;
	w->random = id + 1;
	w->keys = args->keys;
	w->left = args->calls;
	w->len = 0;
	w->id = id;
	args->result = bpf_timer_init(&w->timer, &workers, 1 /* CLOCK_MONOTONIC */);
	if (!args->result)
		args->result = bpf_timer_set_callback(&w->timer, tick);
	if (!args->result)
		args->result = bpf_timer_start(&w->timer, w->period_ns, BPF_F_TIMER_CPU_PIN);
	return 0;
}

/* Stops the timer of a worker; when this returns its callback has too. */
SEC("syscall")
int stop(struct start_args *args)
{
	__u32 id = args->worker;
	struct worker *w = bpf_map_lookup_elem(&workers, &id);

	args->result = w ? bpf_timer_cancel(&w->timer) : -EINVAL;
	if (args->result > 0) /* it was still to fire */
		args->result = 0;
	return 0;
}
