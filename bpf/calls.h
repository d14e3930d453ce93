/* SPDX-License-Identifier: GPL-2.0 */
/*
 * calls.h - contexts of the SYSCALL programs, by which user space calls the engine. result is
 * 0 or more, or a negative errno, where nothing else is said.
 */
#ifndef CALLS_H
#define CALLS_H

struct serve_args {
	__u64 cookie; /* connection */
	__u32 scratch; /* area claimed by user space */
	__s32 result; /* negative errno: no such connection or area; else enum serve_status */
};

enum operation_code {
	OPERATOR_GET,
	OPERATOR_SET,
	OPERATOR_DELETE,
};

/* One operator call of a batch; the batch is an array at the start of in[]. */
struct operation {
	enum operation_code code;
	__s32 result; /* GET: 0 or -ENOENT; SET: 0; DELETE: 1 or 0; else a negative errno */
	__u32 key_off; /* into in[] */
	__u32 key_len;
	__u32 value_off; /* SET: into in[]; GET: set by the program, into out[] */
	__u32 value_len;
};

#define BPFDB_MAX_BATCH 4096 /* operations of one batch */

struct operate_args {
	__u64 token; /* of the transaction */
	__u64 lsn; /* set by the program: highest commit that the results depend on */
	__u32 scratch;
	__u32 txn; /* index + 1, 0 = each operation on its own */
	__u32 from; /* operations to skip: where the last call stopped */
	__u32 to;
	__s32 result; /* first operation not done: < to when -error happened there */
	__s32 error; /* 0, -ENOSPC grow and call again, -E2BIG out[] is full, ... */
};

/* A stored procedure's call: in argv[1] its name, then its arguments; the reply is in out[]. */
struct call_args {
	__u64 token; /* of the transaction */
	__u64 lsn; /* as in operate_args */
	__u32 scratch;
	__u32 txn; /* index + 1, 0 = a transaction of its own */
	__s32 result; /* 0 or more: a reply is in out[]; else a negative errno */
	__u32 _pad;
};

enum transact_code {
	TRANSACT_BEGIN,
	TRANSACT_COMMIT,
	TRANSACT_ABORT,
};

struct transact_args {
	__u64 token;
	__u64 lsn; /* as in operate_args */
	enum transact_code code;
	__u32 txn;
	__u32 scratch;
	__u32 flags; /* BEGIN: BPFDB_TXN_* */
	__s32 result; /* BEGIN: index + 1; -ESTALE: the transaction was idle too long */
	__u32 _pad;
};

/* Maintenance: split up to count buckets, prune those from bucket `from` on, reap idle transactions. */
struct maintain_args {
	__u64 from;
	__u32 scratch;
	__u32 count;
	__s32 result; /* buckets done */
	__s32 error;
};

/* Reads keys as of a transaction's snapshot: see scan.bpf.h. */
struct scan_args {
	__u64 token; /* of the transaction */
	__u64 from; /* first bucket to list; used when listed is 0 */
	__u32 scratch;
	__u32 txn; /* index + 1 */
	__u32 count; /* buckets to list */
	__u32 listed; /* versions listed; not 0: copy from number `copied` on */
	__u32 copied;
	__s32 result; /* buckets listed */
	__s32 error;
	__u32 _pad;
};

/* Contexts of the SYSCALL programs of sockmap.bpf.c. */
struct conn_args {
	__u64 cookie;
	__u64 gate; /* give: what user space saw; take and give: what it is now */
	__u32 scratch; /* area that gets, or holds, the start of a request */
	__u32 flags; /* take: BPFDB_CONN_*; protocol: 2 or 3 */
	__s32 result; /* 0, or -ENOENT no such connection, -EAGAIN see there, -ENOSPC no buffer */
	__u32 sent; /* give: low bits of the bytes that user space has sent */
};

#endif
