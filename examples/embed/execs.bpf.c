//go:build ignore
/* SPDX-License-Identifier: GPL-2.0 */
/* execs.bpf.c - counts program starts by command name, in transactions of the engine. */

#include "../../bpf/operators.bpf.h"

char _license[] SEC("license") = "GPL";

#define NAME 16 /* bytes of a command name, zero-padded: TASK_COMM_LEN */

/* Keys differ by length: a name has its count, a number its name, "names" the last number. */
static __always_inline int count_name(struct scratch *db, const char *name)
{
	__u64 count = 0, names = 0;
	int err = bpfdb_get(db, name, NAME, &count, sizeof(count));

	if (err == -ENOENT) {
		bpfdb_get(db, "names", 5, &names, sizeof(names));
		names++;
		err = bpfdb_set(db, &names, sizeof(names), name, NAME);
		if (!err)
			err = bpfdb_set(db, "names", 5, &names, sizeof(names));
	}
	count++;
	return err < 0 ? err : bpfdb_set(db, name, NAME, &count, sizeof(count));
}

SEC("tracepoint/sched/sched_process_exec")
int count_exec(void *ctx)
{
	struct scratch *db = bpfdb_open();
	char name[NAME] = {};

	if (!db)
		return 0;
	bpf_get_current_comm(name, sizeof(name));
	for (int tries = 0; tries < 8 && !bpfdb_begin(db); tries++) {
		if (count_name(db, name) < 0)
			break; /* bpfdb_close aborts */
		if (bpfdb_commit(db) != -EAGAIN)
			break;
	}
	bpfdb_close(db);
	return 0;
}
