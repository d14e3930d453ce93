//go:build ignore
/* SPDX-License-Identifier: GPL-2.0 */
/*
 * interrupt.bpf.c - the read-only anomaly (Fekete et al., SIGMOD Record 2004) made likely.
 *
 * A copier, in process context, sets y to the x it read, with a serial number; a timer on
 * its CPU raises x, so that now and then it does so in the midst of the copier's commit,
 * and stays for a moment, in which a reader on another CPU takes snapshots of x and y. A
 * snapshot that has the raised x must have the copy of the x before it.
 */

#include "../operators.bpf.h"

char _license[] SEC("license") = "GPL";

#ifndef BPF_F_TIMER_CPU_PIN
#define BPF_F_TIMER_CPU_PIN 2 /* v6.7; distributions' headers are older */
#endif

#define MAX_LOG (1 << 20)
#define ROUNDS 64 /* of one run */

static const char x_name[] = "x", y_name[] = "y";

struct state {
	struct bpf_timer timer;
	__u64 period_ns;
	__u64 stay_ns; /* of the timer after it has raised x */
	__u64 serial; /* copies committed */
	__u64 seen; /* snapshots taken */
	__u64 raised;
	__u64 failures; /* read-only commits that failed */
	__u32 stop;
	__u32 _pad;
};

struct snapshot {
	__u64 x;
	__u64 serial; /* of y */
};

struct copy {
	__u64 x;
	__u64 serial;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct state);
} states SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, MAX_LOG);
	__type(key, __u32);
	__type(value, __u64);
} copies SEC(".maps"); /* by serial: the x that was copied */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, MAX_LOG);
	__type(key, __u32);
	__type(value, struct snapshot);
} snapshots SEC(".maps");

struct start_args {
	__u64 period_ns;
	__u64 stay_ns;
	__s32 result;
	__u32 _pad;
};

static __always_inline struct state *the_state(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&states, &zero);
}

__noinline int raise_x(void)
{
	struct scratch *db = bpfdb_open();
	__u64 x = 0;
	int err = -EBUSY;

	if (!db)
		return err;
	if (!bpfdb_begin(db)) {
		err = bpfdb_get(db, x_name, 1, &x, sizeof(x));
		x++;
		if (err >= 0)
			err = bpfdb_set(db, x_name, 1, &x, sizeof(x));
		if (!err)
			err = bpfdb_commit(db);
	}
	bpfdb_close(db);
	return err;
}

static int tick(void *map, __u32 *key, struct state *st)
{
	__u64 begin = bpf_ktime_get_ns();

	if (!raise_x()) {
		st->raised++;
		for (__u32 i = unknown_zero(); i < 1024 && CAN_LOOP; i++)
			if (bpf_ktime_get_ns() - begin > st->stay_ns)
				break;
	}
	if (!st->stop)
		bpf_timer_start(&st->timer, st->period_ns, BPF_F_TIMER_CPU_PIN);
	return 0;
}

SEC("syscall")
int interrupt_start(struct start_args *args)
{
	struct state *st = the_state();

	args->result = -EINVAL;
	if (!st)
		return 0;
	st->period_ns = args->period_ns;
	st->stay_ns = args->stay_ns;
	args->result = bpf_timer_init(&st->timer, &states, 1 /* CLOCK_MONOTONIC */);
	if (!args->result)
		args->result = bpf_timer_set_callback(&st->timer, tick);
	if (!args->result)
		args->result = bpf_timer_start(&st->timer, st->period_ns, BPF_F_TIMER_CPU_PIN);
	return 0;
}

__noinline int copy_x(void)
{
	struct state *st = the_state();
	struct scratch *db = bpfdb_open();
	struct copy copy = {};
	__u64 *log;
	__u32 at;
	int err = -EBUSY;

	if (!db)
		return err;
	if (st && !bpfdb_begin(db)) {
		err = bpfdb_get(db, x_name, 1, &copy.x, sizeof(copy.x));
		copy.serial = st->serial + 1;
		if (err >= 0)
			err = bpfdb_set(db, y_name, 1, &copy, sizeof(copy));
		if (!err)
			err = bpfdb_commit(db);
	}
	bpfdb_close(db);
	if (!st || err)
		return err;
	at = copy.serial;
	log = bpf_map_lookup_elem(&copies, &at);
	if (log)
		*log = copy.x;
	st->serial = copy.serial;
	return 0;
}

__noinline int snapshot_xy(void)
{
	struct state *st = the_state();
	struct scratch *db = bpfdb_open();
	struct copy copy = {};
	struct snapshot *log;
	__u64 x = 0;
	__u32 at;
	int err = -EBUSY;

	if (!db)
		return err;
	if (st && !bpfdb_begin_readonly(db)) {
		err = bpfdb_get(db, x_name, 1, &x, sizeof(x));
		if (err >= 0)
			err = bpfdb_get(db, y_name, 1, &copy, sizeof(copy));
		if (err >= 0 && bpfdb_commit(db))
			st->failures++;
	}
	bpfdb_close(db);
	if (!st || err < 0)
		return err;
	at = st->seen;
	log = bpf_map_lookup_elem(&snapshots, &at);
	if (log) {
		log->x = x;
		log->serial = copy.serial;
		st->seen++;
	}
	return 0;
}

SEC("syscall")
int interrupt_copy(void *ctx)
{
	for (__u32 i = unknown_zero(); i < ROUNDS && CAN_LOOP; i++)
		copy_x();
	return 0;
}

SEC("syscall")
int interrupt_snapshot(void *ctx)
{
	for (__u32 i = unknown_zero(); i < ROUNDS && CAN_LOOP; i++)
		snapshot_xy();
	return 0;
}

SEC("syscall")
int interrupt_stop(void *ctx)
{
	struct state *st = the_state();

	if (st)
		st->stop = 1;
	return 0;
}
