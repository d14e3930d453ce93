/* SPDX-License-Identifier: GPL-2.0 */
/* tcp.bpf.h - the parts of the kernel's sockets that the paths look at, relocated by CO-RE. */
#ifndef TCP_BPF_H
#define TCP_BPF_H

#include <bpf/bpf_core_read.h>

#include "kernel.bpf.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	__s64 counter;
} atomic64_t;

struct list_head {
	struct list_head *next;
};

struct sock;

struct sock_common {
	__u8 skc_state;
	unsigned long skc_flags;
	struct sock *skc_listener;
	atomic64_t skc_cookie;
};

struct sock {
	struct sock_common __sk_common;
	int sk_wmem_queued;
	int sk_sndbuf;
	int sk_rcvlowat;
	void *sk_user_data;
	__u8 sk_shutdown;
};

struct inet_sock {
	struct sock sk;
};

struct inet_connection_sock {
	struct inet_sock icsk_inet;
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	__u32 rcv_nxt;
	__u32 copied_seq;
	__u32 write_seq;
};

struct request_sock_ops {
	int family;
};

struct request_sock {
	struct sock_common __req_common;
	struct request_sock_ops *rsk_ops;
};

struct inet_request_sock {
	struct request_sock req;
};

struct tcp_request_sock {
	struct inet_request_sock req;
	__u32 rcv_isn;
	__u32 snt_isn;
};

struct bpf_sock_ops_kern {
	struct sock *sk;
};

struct sk_psock {
	struct list_head ingress_msg;
};

struct sk_msg_sg {
	__u32 size;
};

struct sk_msg {
	struct sk_msg_sg sg;
	struct list_head list;
};

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__sockmap {
	struct bpf_iter_meta *meta;
	struct sock *sk;
};

#pragma clang attribute pop

enum sock_flags {
	SOCK_ZEROCOPY,
};

/* v6.2: the kernel's own context behind a program's, and reading a pointer as a kernel type. */
extern void *bpf_cast_to_kern_ctx(void *ctx) __ksym;
extern void *bpf_rdonly_cast(const void *ptr, __u32 type_id) __ksym;

#define kernel_cast(ptr, type) ((type *)bpf_rdonly_cast(ptr, bpf_core_type_id_kernel(type)))

#define PSOCK_MASK (~7ULL) /* the rest of sk_user_data are flags */

/* Where the queue of replies in a socket map entry begins and ends. */
static __always_inline __u64 psock_queue(__u64 psock)
{
	return psock + bpf_core_field_offset(struct sk_psock, ingress_msg);
}

static __always_inline int psock_unread(__u64 psock)
{
	struct sk_psock *p = kernel_cast((void *)psock, struct sk_psock);

	return psock && (__u64)p->ingress_msg.next != psock_queue(psock);
}

#endif
