//go:build ignore
/* SPDX-License-Identifier: GPL-2.0 */
/* engine.bpf.c - the SYSCALL programs through which user space reaches the engine. */

#include "prune.bpf.h"
#include "scan.bpf.h"
#include "scratch.bpf.h"
#include "serve.bpf.h"
#include "split.bpf.h"

char _license[] SEC("license") = "GPL";

/* Types that only user space needs by name: naming them here keeps them in the BTF. */
enum counter *_counter_type __attribute__((unused));
struct log_entry *_log_entry_type __attribute__((unused));
struct operation *_operation_type __attribute__((unused));
enum protocol_error *_protocol_error_type __attribute__((unused));
enum serve_status *_serve_status_type __attribute__((unused));

/* Executes the requests in an area for a connection: the user-space path's way in. */
SEC("syscall")
int bpfdb_serve(struct serve_args *args)
{
	struct scratch *s = scratch_at(args->scratch);
	__u64 cookie = args->cookie;
	struct conn *c = bpf_map_lookup_elem(&bpfdb_conns, &cookie);

	args->result = s && c ? serve(s, c) : -ENOENT;
	return 0;
}

/* A value found goes to out[] behind those before it. */
static __always_inline int operate(struct scratch *s, struct operation *op)
{
	int err = key_stage(s, op->key_off, op->key_len);
	if (err)
		return err;
	if (op->code == OPERATOR_SET)
		return kv_set(s, op->value_off, op->value_len);
	for (__u32 try = unknown_zero(); try < BPFDB_MAX_TRIES && CAN_LOOP; try++) {
		err = kv_find(s);
		if (err)
			return err;
		if (op->code == OPERATOR_DELETE) {
			err = kv_delete(s);
		} else {
			if (s->out_len + s->found.value_len > BPFDB_OUT_MASK)
				return -E2BIG;
			op->value_off = s->out_len;
			op->value_len = s->found.value_len;
			err = kv_fetch(s, s->out_len);
			if (!err && !kv_exists(s))
				return -ENOENT;
			if (!err)
				s->out_len += (s->found.value_len + 7) & ~7u;
		}
		if (err != -EAGAIN)
			return err;
	}
	return -EBUSY;
}

__noinline int operate_one(struct scratch *s, __u32 i)
{
	struct operation *op;
	int err;

	if (!s || i >= BPFDB_MAX_BATCH)
		return -EINVAL;
	op = (struct operation *)s->in + i;
	err = operate(s, op);
	op->result = err;
	return err;
}

/* Fetches the memory of the next operations' keys. */
__noinline int operate_ahead(struct scratch *s, __u32 first)
{
	if (!s || first >= BPFDB_MAX_BATCH - BPFDB_PREFETCH)
		return -EINVAL;
	for (__u32 i = 0; i < BPFDB_PREFETCH; i++) {
		struct operation *op = (struct operation *)s->in + first + i;

		key_stage(s, op->key_off, op->key_len);
		s->ahead[i] = s->key.hash;
	}
	return kv_prefetch(s);
}

SEC("syscall")
int bpfdb_operate(struct operate_args *args)
{
	struct scratch *s = scratch_at(args->scratch);

	args->result = args->from;
	args->error = s ? 0 : -EINVAL;
	if (s && args->txn)
		args->error = txn_enter(args->txn, args->token);
	if (!s || args->error)
		return 0;
	s->txn = args->txn;
	s->out_len = 0;
	s->lsn = 0;
	for (__u32 i = args->from; i < BPFDB_MAX_BATCH && i < args->to && CAN_LOOP; i++) {
		int err;

		if (!(i % BPFDB_PREFETCH) && i + BPFDB_PREFETCH <= args->to)
			operate_ahead(s, i);
		err = operate_one(s, i);

		if (err < 0 && err != -ENOENT) {
			args->error = err;
			break;
		}
		args->result = i + 1;
	}
	args->lsn = s->lsn;
	if (args->txn)
		txn_leave(args->txn);
	return 0;
}

/* Calls the stored procedure in argv: user space's way past RESP. */
SEC("syscall")
int bpfdb_call(struct call_args *args)
{
	struct scratch *s = scratch_at(args->scratch);

	args->result = s ? 0 : -EINVAL;
	if (s && args->txn)
		args->result = txn_enter(args->txn, args->token);
	if (!s || args->result)
		return 0;
	s->txn = args->txn;
	s->out_len = 0;
	s->out_limit = REPLY_MAX;
	s->lsn = 0;
	args->result = procedure_call(s, 0);
	args->lsn = s->lsn;
	if (args->txn)
		txn_leave(args->txn);
	return 0;
}

/* COMMIT and ABORT end a transaction that its owner still has. */
static __always_inline int transact_end(struct scratch *s, struct transact_args *args)
{
	int err = txn_enter(args->txn, args->token);

	if (err)
		return err;
	if (args->code != TRANSACT_COMMIT)
		return txn_abort(args->txn);
	err = txn_commit_or_keep(s, args->txn);
	if (err == -EXFULL)
		txn_leave(args->txn);
	return err;
}

SEC("syscall")
int bpfdb_transact(struct transact_args *args)
{
	struct scratch *s = scratch_at(args->scratch);

	if (s)
		s->lsn = 0;
	if (!s)
		args->result = -EINVAL;
	else if (args->code == TRANSACT_BEGIN)
		args->result = txn_begin(args->token, args->flags);
	else
		args->result = transact_end(s, args);
	args->lsn = s ? s->lsn : 0;
	return 0;
}

SEC("syscall")
int bpfdb_split(struct maintain_args *args)
{
	struct scratch *s = scratch_at(args->scratch);

	args->result = 0;
	args->error = -EINVAL;
	for (__u32 i = unknown_zero(); s && i < args->count && CAN_LOOP; i++) {
		args->error = index_split(s);
		if (args->error)
			break;
		args->result = i + 1;
	}
	return 0;
}

/* Makes every key vanish at one instant; pruning gives the memory back afterwards. */
SEC("syscall")
int bpfdb_flush(struct maintain_args *args)
{
	struct control *ctl = control();

	args->error = -EINVAL;
	if (!ctl)
		return 0;
	args->error = 0;
	WRITE_ONCE(ctl->flush_ts, ~0ULL);
	/* Its atomic add orders the store before it: see store_install. */
	flush_finish(ctl);
	return 0;
}

/* Prunes `count` buckets from bucket `from` on. */
SEC("syscall")
int bpfdb_prune(struct maintain_args *args)
{
	struct scratch *s = scratch_at(args->scratch);
	__u64 from = args->from;

	args->result = 0;
	args->error = s ? prune_begin(s) : -EINVAL;
	for (__u32 i = unknown_zero(); !args->error && i < args->count && CAN_LOOP; i++) {
		args->error = prune_bucket(s, from + i);
		if (!args->error)
			args->result = i + 1;
	}
	return 0;
}

/* Lists what a snapshot sees in some buckets, or copies what was listed. */
SEC("syscall")
int bpfdb_scan(struct scan_args *args)
{
	struct scratch *s = scratch_at(args->scratch);

	args->result = 0;
	args->error = s ? txn_enter(args->txn, args->token) : -EINVAL;
	if (!s || args->error)
		return 0;
	s->txn = args->txn;
	if (args->listed)
		scan_copies(s, args);
	else
		scan_list(s, args);
	txn_leave(args->txn);
	return 0;
}

/* Aborts all transactions: of a store whose user space is gone, for the one that adopts it. */
SEC("syscall")
int bpfdb_abandon(struct maintain_args *args)
{
	args->result = 0;
	args->error = 0;
	for (__u32 i = unknown_zero(); i < BPFDB_MAX_TXNS && CAN_LOOP; i++) {
		struct txn *t = txn_at(i + 1);

		if (!t || !READ_ONCE(t->token))
			continue;
		txn_abort(i + 1);
		args->result++;
	}
	return 0;
}

/* Frees what a connection of such a store has left in the heap, and forgets it. */
SEC("syscall")
int bpfdb_forget(struct serve_args *args)
{
	__u64 cookie = args->cookie;
	struct conn *c = bpf_map_lookup_elem(&bpfdb_conns, &cookie);

	args->result = -ENOENT;
	if (!c)
		return 0;
	multi_close(c);
	args->result = bpf_map_delete_elem(&bpfdb_conns, &cookie);
	return 0;
}

/* Aborts the interactive transactions that have been idle too long. */
SEC("syscall")
int bpfdb_reap(struct maintain_args *args)
{
	args->result = 0;
	args->error = 0;
	for (__u32 i = unknown_zero(); i < BPFDB_MAX_TXNS && CAN_LOOP; i++)
		args->result += txn_reap(i + 1);
	return 0;
}
