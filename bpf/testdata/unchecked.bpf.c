//go:build ignore
/* SPDX-License-Identifier: GPL-2.0 */
/* unchecked.bpf.c - commits without validation, to show that the tests of atomicity notice. */

#define BPFDB_TEST_NO_VALIDATE
#include "../scratch.bpf.h"
#include "../store.bpf.h"

char _license[] SEC("license") = "GPL";

SEC("syscall")
int transact_unchecked(struct transact_args *args)
{
	struct scratch *s = scratch_at(args->scratch);

	args->result = -EINVAL;
	if (!s)
		return 0;
	if (args->code == TRANSACT_BEGIN)
		args->result = txn_begin(args->token, args->flags);
	else if (args->code == TRANSACT_COMMIT)
		args->result = txn_commit(s, args->txn);
	else
		args->result = txn_abort(args->txn);
	return 0;
}
