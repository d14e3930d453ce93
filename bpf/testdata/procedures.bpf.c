//go:build ignore
/* SPDX-License-Identifier: GPL-2.0 */
/*
 * procedures.bpf.c - stored procedures called from a timer in softirq, and tallies of what
 * they said they did.
 */

#include "../call.bpf.h"

char _license[] SEC("license") = "GPL";

#ifndef BPF_F_TIMER_CPU_PIN
#define BPF_F_TIMER_CPU_PIN 2 /* v6.7; distributions' headers are older */
#endif

#define MAX_CALLERS 16

struct caller {
	struct bpf_timer timer;
	__u64 random;
	__s64 cents; /* by which all balances together changed */
	__u32 votes; /* accepted */
	__u32 aborts; /* calls that aborted */
	__u32 refused; /* calls that met contention */
	__s32 error; /* anything else */
	__u32 left; /* calls to go */
	__u32 id;
	__u32 accounts;
	__u32 _pad;
};

struct caller_args {
	__u32 caller;
	__u32 calls;
	__u32 accounts;
	__s32 result;
};

struct write_args {
	__u32 keys;
	__s32 result;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_CALLERS);
	__type(key, __u32);
	__type(value, struct caller);
} callers SEC(".maps");

static __always_inline __u32 draw(struct caller *w, __u32 n)
{
	w->random = w->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (w->random >> 33) % (n ?: 1);
}

static __always_inline int call_vote(struct scratch *db, struct caller *w)
{
	int err;

	bpfdb_procedure(db, "vote");
	bpfdb_argument_number(db, (w->id + 1) * 10000000ULL + w->left);
	bpfdb_argument_number(db, 2125550000ULL + draw(w, 50));
	bpfdb_argument_number(db, 1 + draw(w, 3));
	bpfdb_argument_number(db, 100);
	err = bpfdb_call(db);
	if (!err)
		w->votes++;
	return err;
}

static __always_inline int call_payment(struct scratch *db, struct caller *w)
{
	__u32 from = draw(w, w->accounts);

	bpfdb_procedure(db, "send_payment");
	bpfdb_argument_number(db, from);
	bpfdb_argument_number(db, (from + 1 + draw(w, w->accounts - 1)) % w->accounts);
	bpfdb_argument_number(db, draw(w, 1000));
	return bpfdb_call(db);
}

static __always_inline int call_check(struct scratch *db, struct caller *w)
{
	__s64 cents = draw(w, 500);
	int err;

	bpfdb_procedure(db, "write_check");
	bpfdb_argument_number(db, draw(w, w->accounts));
	bpfdb_argument_number(db, cents);
	err = bpfdb_call(db);
	if (!err)
		w->cents -= cents + db->number;
	return err;
}

static int tick(void *map, __u32 *id, struct caller *w)
{
	struct scratch *db = bpfdb_open();
	int err = -EBUSY;

	if (!w->accounts)
		w->accounts = 1;
	if (db) {
		__u32 which = draw(w, 3);

		if (which == 0)
			err = call_vote(db, w);
		else if (which == 1)
			err = call_payment(db, w);
		else
			err = call_check(db, w);
		bpfdb_close(db);
	}
	if (err == -ECANCELED)
		w->aborts++;
	else if (err == -EBUSY || err == -EAGAIN || err == -ENOSPC)
		w->refused++;
	else if (err)
		w->error = err;
	if (w->left) {
		w->left--;
		bpf_timer_start(&w->timer, 30000, BPF_F_TIMER_CPU_PIN);
	}
	return 0;
}

/* Starts a caller on the CPU that runs this. */
SEC("syscall")
int start_caller(struct caller_args *args)
{
	__u32 id = args->caller;
	struct caller *w = bpf_map_lookup_elem(&callers, &id);

	args->result = -EINVAL;
	if (!w)
		return 0;
	w->random = id + 1;
	w->left = args->calls;
	w->id = id;
	w->accounts = args->accounts;
	args->result = bpf_timer_init(&w->timer, &callers, 1 /* CLOCK_MONOTONIC */);
	if (!args->result)
		args->result = bpf_timer_set_callback(&w->timer, tick);
	if (!args->result)
		args->result = bpf_timer_start(&w->timer, 30000, BPF_F_TIMER_CPU_PIN);
	return 0;
}

/* Stops the timer of a caller; when this returns its callback has too. */
SEC("syscall")
int stop_caller(struct caller_args *args)
{
	__u32 id = args->caller;
	struct caller *w = bpf_map_lookup_elem(&callers, &id);

	args->result = w ? bpf_timer_cancel(&w->timer) : -EINVAL;
	if (args->result > 0) /* it was still to fire */
		args->result = 0;
	return 0;
}

/* What a procedure that writes so many keys would do. */
__noinline int write_keys(struct scratch *db, __u32 keys)
{
	int err = 0;

	if (!db)
		return -EINVAL;
	for (__u32 i = 0; i < keys && !err && CAN_LOOP; i = forget(db, i + 1)) {
		build_prefix(db, "key:");
		build_number(db, i);
		err = procedure_key(db);
		if (!err)
			err = procedure_write_number(db, i);
	}
	return err;
}

SEC("syscall")
int write_many(struct write_args *args)
{
	struct scratch *db = bpfdb_open();
	int err;

	args->result = -EBUSY;
	if (!db)
		return 0;
	db->pending_len = 0;
	err = bpfdb_begin(db);
	if (!err)
		err = write_keys(db, args->keys);
	if (err)
		pending_drop(db);
	else
		err = pending_apply(db);
	if (!err)
		err = bpfdb_commit(db);
	args->result = err;
	bpfdb_close(db);
	return 0;
}
