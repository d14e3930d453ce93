/* SPDX-License-Identifier: GPL-2.0 */
/* wire_sockops.bpf.h - connections of our listener enter; their end is noted. */
#ifndef WIRE_SOCKOPS_BPF_H
#define WIRE_SOCKOPS_BPF_H

#include "wire_splice.bpf.h"

#define SOCKET_IP4 2
#define TCP_OFFSET 12 /* of the byte with the header's length */
#define TCP_LAST_ACK 9
#define ECN_AGREED 1 /* bits of tcp_sock->ecn_flags */
#define ECN_ACCURATE 8 /* v6.18: every segment carries a count of marks */

struct tcp_options_received {
	__u32 ts_recent;
	__u16 tstamp_ok : 1, snd_wscale : 4, rcv_wscale : 4;
} __attribute__((preserve_access_index));

struct tcp_sock {
	__u32 rcv_nxt, snd_nxt, snd_wnd, rcv_wnd, mss_cache;
	__u8 ecn_flags;
	struct tcp_options_received rx_opt;
} __attribute__((preserve_access_index));

/* Volatile, or the compiler reads through a moved context pointer, which the verifier refuses. */
static __always_inline void key_of(struct bpf_sock_ops *skops, struct wire_key *k)
{
	if (READ_ONCE(skops->family) == SOCKET_IP4) {
		mapped(k->client, READ_ONCE(skops->remote_ip4));
		mapped(k->server, READ_ONCE(skops->local_ip4));
	} else {
#pragma unroll
		for (int i = 0; i < 4; i++) {
			k->client[i] = READ_ONCE(skops->remote_ip6[i]);
			k->server[i] = READ_ONCE(skops->local_ip6[i]);
		}
	}
	k->client_port = bpf_htons(bpf_ntohl(READ_ONCE(skops->remote_port)));
	k->server_port = bpf_htons(READ_ONCE(skops->local_port));
}

/* Payload bytes of the packet that completes the handshake: user space will get them. */
static __always_inline __u32 early_bytes(struct bpf_sock_ops *skops)
{
	__u8 *data = skops->skb_data, *end = skops->skb_data_end;
	__u32 len = skops->skb_len, header;

	if (data + TCP_OFFSET + 1 > end)
		return 0;
	header = (data[TCP_OFFSET] >> 4) * 4;
	return len > header ? len - header : 0;
}

static __always_inline void wire_begin(struct wire *w, struct tcp_sock *tp, __u32 early)
{
	w->client_start = tp->rcv_nxt;
	w->server_start = tp->snd_nxt;
	w->given = (__u64)w->client_start << 32 | w->server_start;
	w->rcv_max = w->client_start + early;
	w->una = w->server_start;
	w->own_nxt = w->server_start;
	w->own_end = w->server_start;
	w->own_floor = w->server_start;
	w->edge = w->server_start + tp->snd_wnd;
	w->own_edge = w->edge;
	w->own_una = w->server_start;
	w->own_wl = w->client_start;
	w->ts_recent = tp->rx_opt.ts_recent;
	w->mss = tp->mss_cache > 0xffff ? 0xffff : tp->mss_cache;
	w->scale = BPF_CORE_READ_BITFIELD(tp, rx_opt.snd_wscale);
	w->window = tp->rcv_wnd >> BPF_CORE_READ_BITFIELD(tp, rx_opt.rcv_wscale);
	if (BPF_CORE_READ_BITFIELD(tp, rx_opt.tstamp_ok))
		w->flags = BPFDB_WIRE_TIMESTAMPS;
	if (tp->ecn_flags & ECN_AGREED)
		w->flags |= BPFDB_WIRE_ECN;
}

/* A connection that had the same addresses is gone. */
static __always_inline void wire_replace(struct wire_key *k)
{
	struct wire *old = bpf_map_lookup_elem(&bpfdb_wires, k);

	if (!old)
		return;
	__sync_fetch_and_or(&old->flags, BPFDB_WIRE_DEAD | BPFDB_WIRE_SHUT);
	if (!wire_lock(old, k))
		return;
	kept_free(old);
	bpf_map_delete_elem(&bpfdb_wires, k);
	wire_unlock(old);
}

static __always_inline void wire_take_in(struct bpf_sock_ops *skops, struct bpf_sock *sk,
					 __u64 *mark)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	static const struct conn fresh = {.protocol = 2, .flags = BPFDB_CONN_WIRE};
	struct wire w = {};
	struct wire_key k = {};
	struct conn *c;

	if (!tp || tp->ecn_flags & ECN_ACCURATE)
		return;
	key_of(skops, &k);
	wire_replace(&k);
	wire_begin(&w, tp, early_bytes(skops));
	w.key = k;
	w.cookie = bpf_get_socket_cookie(skops);
	if (bpf_map_update_elem(&bpfdb_conns, &w.cookie, &fresh, BPF_NOEXIST))
		return;
	c = bpf_map_lookup_elem(&bpfdb_conns, &w.cookie);
	if (!c)
		return;
	c->cookie = w.cookie;
	if (bpf_map_update_elem(&bpfdb_wires, &k, &w, BPF_ANY)) {
		bpf_map_delete_elem(&bpfdb_conns, &w.cookie);
		return;
	}
	*mark = w.cookie;
	bpf_sock_ops_cb_flags_set(skops, BPF_SOCK_OPS_STATE_CB_FLAG);
	count(COUNTER_CONNECTIONS, 1);
}

/* The socket is closed. In TIME_WAIT the kernel goes on answering for it. */
static __always_inline void wire_closed(struct bpf_sock_ops *skops, __u64 cookie)
{
	struct wire_key k = {};
	struct conn *c;
	struct wire *w;

	key_of(skops, &k);
	w = bpf_map_lookup_elem(&bpfdb_wires, &k);
	if (w && w->cookie == cookie) {
		int lingers = skops->args[0] != TCP_LAST_ACK;

		w->closed_ns = bpf_ktime_get_ns();
		__sync_fetch_and_or(&w->flags, BPFDB_WIRE_CLOSED | BPFDB_WIRE_SHUT |
						       (lingers ? BPFDB_WIRE_LINGERS : 0));
		/* Whoever comes behind the lock sees that it is shut: no request is under way then. */
		if (!wire_lock(w, &k))
			return;
		wire_unlock(w);
	}
	c = bpf_map_lookup_elem(&bpfdb_conns, &cookie);
	if (c && !(c->flags & BPFDB_CONN_ACCEPTED))
		conn_drop(c);
}

SEC("sockops")
int bpfdb_wire_sockops(struct bpf_sock_ops *skops)
{
	struct bpf_sock *sk = skops->sk;
	__u64 *mark;

	if (skops->op != BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB && skops->op != BPF_SOCK_OPS_STATE_CB)
		return 1;
	if (!sk)
		return 1;
	mark = bpf_sk_storage_get(&bpfdb_owned, sk, 0, 0);
	if (!mark)
		return 1;
	if (skops->op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB)
		wire_take_in(skops, sk, mark);
	else if (skops->args[1] == BPF_TCP_CLOSE)
		wire_closed(skops, *mark);
	return 1;
}

#endif
