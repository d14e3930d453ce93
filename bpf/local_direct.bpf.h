/* SPDX-License-Identifier: GPL-2.0 */
/*
 * local_direct.bpf.h - carries what user space serves past TCP, from one end's send() to the
 * receive queue of the other.
 *
 * A socket reads that queue before what came over TCP, so of that nothing may be under way or unread. One
 * message waits at most: further ones go over TCP, which holds up who sends to one that does not read.
 */
#ifndef LOCAL_DIRECT_BPF_H
#define LOCAL_DIRECT_BPF_H

#include "local.bpf.h"

#define LOCAL_MAX_DIRECT 32768 /* bytes of one message */
#define SEND_SHUTDOWN 2

/* Our ends of local connections by their cookies. */
struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, 4096); /* set by the loader */
	__type(key, __u64);
	__type(value, __u64);
} bpfdb_servers SEC(".maps");

/* Completions of MSG_ZEROCOPY are TCP's; a shut socket must fail. */
static __always_inline int sends_by_tcp(struct sock *sk)
{
	return sk->sk_shutdown & SEND_SHUTDOWN ||
	       sk->__sk_common.skc_flags &
		       1ULL << bpf_core_enum_value(enum sock_flags, SOCK_ZEROCOPY);
}

/* So are low-water marks. */
static __always_inline int receives_by_tcp(struct sock *sk)
{
	return sk->sk_rcvlowat > 1;
}

/* May the socket at an address get a message past TCP? It must have read all that was sent before. */
static __always_inline int takes_direct(__u64 receiver, struct bpf_sock *sender)
{
	struct tcp_sock *to = kernel_cast((void *)receiver, struct tcp_sock);
	struct tcp_sock *from = bpf_skc_to_tcp_sock(sender);
	struct sock *base = &to->inet_conn.icsk_inet.sk;
	__u64 psock = (__u64)base->sk_user_data & PSOCK_MASK;

	if (!from || sends_by_tcp(&from->inet_conn.icsk_inet.sk) || receives_by_tcp(base))
		return 0;
	return base->__sk_common.skc_state == BPF_TCP_ESTABLISHED &&
	       to->copied_seq == from->write_seq && psock && !psock_unread(psock);
}

SEC("sk_msg")
int bpfdb_local_answer(struct sk_msg_md *msg)
{
	struct bpf_sock *sk = msg->sk;
	__u64 *mark = sk ? bpf_sk_storage_get(&bpfdb_owned, sk, 0, 0) : 0, client;
	struct conn *c = mark ? bpf_map_lookup_elem(&bpfdb_conns, mark) : 0;
	__u32 len = msg->size;

	if (!c || !c->client || len > LOCAL_MAX_DIRECT || sk->state != BPF_TCP_ESTABLISHED ||
	    !takes_direct(c->client_sock, sk))
		return SK_PASS;
	client = c->client;
	if (bpf_msg_redirect_hash(msg, &bpfdb_clients, &client, BPF_F_INGRESS) != SK_PASS)
		return SK_PASS;
	c->answered += len;
	count(COUNTER_LOCAL_ANSWERS, 1);
	return SK_PASS;
}

/*
 * Has a whole message of the client, inside the gate, go past TCP. False where it must not: an empty one, left when
 * the carry has taken all of it, would be read as the end of the stream.
 */
static __always_inline int local_request(struct sk_msg_md *msg, struct bpf_sock *sk, struct conn *c,
					 struct local *l)
{
	__u64 server = l->server;
	__u32 len = msg->size;

	if (!len || len > LOCAL_MAX_DIRECT || !takes_direct(c->server_sock, sk))
		return 0;
	bpf_msg_apply_bytes(msg, 0);
	if (bpf_msg_redirect_hash(msg, &bpfdb_servers, &server, BPF_F_INGRESS) != SK_PASS)
		return 0;
	c->requested += len;
	count(COUNTER_LOCAL_REQUESTS, 1);
	return 1;
}

#endif
