//go:build ignore
/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lists.bpf.c - random transactions on lists, from a timer, which interrupts in softirq
 * whatever runs on its CPU, commits included, and from a SYSCALL program in process
 * context. Each is written down for a serializability check: elements are unique numbers
 * of 8 bytes, and appending is reading a list and writing it with one more.
 */

#include "../operators.bpf.h"

char _license[] SEC("license") = "GPL";

#ifndef BPF_F_TIMER_CPU_PIN
#define BPF_F_TIMER_CPU_PIN 2 /* v6.7; distributions' headers are older */
#endif

#define MAX_WORKERS 32
#define MAX_ENTRIES 2048 /* transactions of one worker */
#define ACCESSES 4 /* of one transaction */
#define SLOTS 4 /* lists in use at a time */
#define LIST_LONG 24 /* elements after which a slot gets a new list */
#define LIST_ROOM 64 /* elements of a list at most: clients may pass LIST_LONG at the same time */
#define ABORTED (-1000) /* result of a transaction that was given up on purpose */

struct access {
	__u64 key;
	__u64 value; /* appended, if `appended` */
	__u32 appended;
	__u32 len; /* elements read */
	__u64 list[LIST_ROOM];
};

struct entry {
	__u64 call_ns;
	__u64 return_ns;
	__s32 result;
	__u32 len; /* accesses that were done */
	__u32 readonly;
	__u32 _pad;
	struct access accesses[ACCESSES];
};

struct worker {
	struct bpf_timer timer;
	__u64 period_ns;
	__u64 random;
	__u64 first_value;
	__u64 first_key;
	__u64 generation[SLOTS]; /* of the list in each slot */
	__u32 values; /* handed out */
	__u32 left; /* transactions to go */
	__u32 len; /* entries written */
	__u32 id;
	__u32 skipped; /* no area or transaction was free */
	__s32 start_error; /* of the timer, when it was to go on */
	__u64 tick_ns; /* when the timer last fired */
};

struct lists_args {
	__u64 period_ns;
	__u64 seed;
	__u64 first_value; /* elements are numbered from here */
	__u64 first_key; /* so are lists */
	__u32 worker;
	__u32 txns;
	__s32 result;
	__u32 _pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_WORKERS);
	__type(key, __u32);
	__type(value, struct worker);
} workers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* set when loaded */
	__type(key, __u32);
	__type(value, struct entry);
} entries SEC(".maps");

struct entry *_entry_type __attribute__((unused));

static __always_inline __u32 next_random(struct worker *w)
{
	w->random = w->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return w->random >> 33;
}

/* Reads the list of a, and appends a->value when asked to and there is room. 0 or -errno. */
__noinline int lists_access(struct scratch *db, struct access *a, __u32 append)
{
	__u64 n;
	int len, err;

	if (!db || !a)
		return -EINVAL;
	len = bpfdb_get(db, &a->key, sizeof(a->key), a->list, sizeof(a->list));
	if (len == -ENOENT)
		len = 0;
	if (len < 0)
		return len;
	n = (__u32)len / 8;
	a->len = n;
	if (!append || n >= LIST_LONG)
		return 0;
	opaque(n);
	a->list[n & (LIST_ROOM - 1)] = a->value;
	err = bpfdb_set(db, &a->key, sizeof(a->key), a->list, len + 8);
	if (!err)
		a->appended = 1;
	return err;
}

/* Runs one transaction: the result of its commit, ABORTED, or the error that ended it. */
static __always_inline int run_accesses(struct scratch *db, struct worker *w, struct entry *r)
{
	__u32 n = 1 + next_random(w) % ACCESSES, append = 0;
	int err = 0;

	r->len = 0;
	for (__u32 i = 0; i < ACCESSES; i++) {
		struct access *a = &r->accesses[i];
		__u64 slot = next_random(w);

		if (i >= n)
			break;
		opaque(slot);
		slot &= SLOTS - 1;
		a->key = w->first_key + (w->generation[slot] * SLOTS | slot);
		a->value = w->first_value + w->values;
		a->appended = 0;
		append = !r->readonly && next_random(w) % 2;
		err = lists_access(db, a, append);
		w->values++;
		if (err)
			break;
		r->len = i + 1;
		if (a->len >= LIST_LONG)
			w->generation[slot]++;
	}
	if (err || next_random(w) % 16 == 0) {
		bpfdb_abort(db);
		return err ?: ABORTED;
	}
	return bpfdb_commit(db);
}

__noinline int run_one(__u32 id)
{
	struct worker *w = bpf_map_lookup_elem(&workers, &id);
	struct scratch *db;
	struct entry *r;
	__u32 at, begin;
	int err;

	if (!w || w->len >= MAX_ENTRIES)
		return 0;
	at = id * MAX_ENTRIES + w->len;
	r = bpf_map_lookup_elem(&entries, &at);
	db = r ? bpfdb_open() : 0;
	if (!db) {
		w->skipped++;
		return 0;
	}
	begin = next_random(w) % 8;
	r->readonly = begin == 0;
	r->call_ns = bpf_ktime_get_ns();
	if (begin == 0)
		err = bpfdb_begin_readonly(db);
	else if (begin < 3)
		err = bpfdb_begin_snapshot(db);
	else
		err = bpfdb_begin(db);
	if (err) {
		w->skipped++;
	} else {
		r->result = run_accesses(db, w, r);
		r->return_ns = bpf_ktime_get_ns();
		w->len++;
	}
	bpfdb_close(db);
	return 0;
}

static int tick(void *map, __u32 *id, struct worker *w)
{
	w->tick_ns = bpf_ktime_get_ns();
	run_one(*id);
	if (w->left) {
		w->left--;
		w->start_error = bpf_timer_start(&w->timer, w->period_ns, BPF_F_TIMER_CPU_PIN);
	}
	return 0;
}

static __always_inline struct worker *prepare(struct lists_args *args)
{
	__u32 id = args->worker;
	struct worker *w = bpf_map_lookup_elem(&workers, &id);

	if (!w)
		return 0;
	w->period_ns = args->period_ns;
	w->random = args->seed;
	w->first_value = args->first_value;
	w->first_key = args->first_key;
	for (__u32 i = 0; i < SLOTS; i++)
		w->generation[i] = 0;
	w->values = w->len = w->skipped = 0;
	w->start_error = 0;
	w->tick_ns = 0;
	w->left = args->txns;
	w->id = id;
	return w;
}

/* Starts a worker on the timer of the CPU that runs this. */
SEC("syscall")
int lists_start(struct lists_args *args)
{
	struct worker *w = prepare(args);

	args->result = -EINVAL;
	if (!w)
		return 0;
	args->result = bpf_timer_init(&w->timer, &workers, 1 /* CLOCK_MONOTONIC */);
	if (args->result == -EBUSY) /* by an earlier round */
		args->result = 0;
	if (!args->result)
		args->result = bpf_timer_set_callback(&w->timer, tick);
	if (!args->result)
		args->result = bpf_timer_start(&w->timer, w->period_ns, BPF_F_TIMER_CPU_PIN);
	return 0;
}

/* Stops the timer of a worker; when this returns its callback has too. */
SEC("syscall")
int lists_stop(struct lists_args *args)
{
	__u32 id = args->worker;
	struct worker *w = bpf_map_lookup_elem(&workers, &id);

	args->result = w ? bpf_timer_cancel(&w->timer) : -EINVAL;
	if (args->result > 0) /* it was still to fire */
		args->result = 0;
	return 0;
}

/* Prepares a worker for lists_run. */
SEC("syscall")
int lists_prepare(struct lists_args *args)
{
	args->result = prepare(args) ? 0 : -EINVAL;
	return 0;
}

/* Runs one transaction of a worker in process context. */
SEC("syscall")
int lists_run(struct lists_args *args)
{
	args->result = run_one(args->worker);
	return 0;
}

/* The bucket of a key, first_key, in an index that has not grown, as `seed`. */
SEC("syscall")
int lists_bucket(struct lists_args *args)
{
	struct scratch *db = bpfdb_open();
	__u64 key = args->first_key;

	args->result = -EBUSY;
	if (!db)
		return 0;
	args->result = operator_key(db, &key, sizeof(key));
	args->seed = db->key.hash & (BPFDB_INDEX_SEGMENT_BUCKETS - 1);
	bpfdb_close(db);
	return 0;
}
