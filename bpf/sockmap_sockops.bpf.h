/* SPDX-License-Identifier: GPL-2.0 */
/* sockmap_sockops.bpf.h - connections of our listener enter and, if never accepted, leave. */

static __always_inline int sockmap_server(struct bpf_sock_ops *skops, __u64 cookie)
{
	struct conn c = {.protocol = 2, .cookie = cookie};

	if (bpf_map_update_elem(&bpfdb_conns, &cookie, &c, BPF_NOEXIST))
		return -ENOENT;
	if (!bpf_sock_hash_update(skops, &bpfdb_socks, &cookie, BPF_ANY))
		return 0;
	bpf_map_delete_elem(&bpfdb_conns, &cookie);
	return -ENOENT;
}

static __always_inline void take_in(struct bpf_sock_ops *skops, struct bpf_sock *sk)
{
	__u64 *mark = bpf_sk_storage_get(&bpfdb_owned, sk, 0, 0), cookie;

	if (!mark)
		return;
	cookie = bpf_get_socket_cookie(skops);
	if (local_on && !local_server(skops, sk, cookie)) {
		count(COUNTER_LOCAL_CONNECTIONS, 1);
		/* Without a place there replies go over TCP. */
		bpf_sock_hash_update(skops, &bpfdb_servers, &cookie, BPF_ANY);
	} else if (!sockmap_on || sockmap_server(skops, cookie)) {
		return;
	}
	*mark = cookie;
	bpf_sock_ops_cb_flags_set(skops, BPF_SOCK_OPS_STATE_CB_FLAG);
	count(COUNTER_CONNECTIONS, 1);
}

static __always_inline void let_go(struct bpf_sock *sk)
{
	__u64 *mark = bpf_sk_storage_get(&bpfdb_owned, sk, 0, 0);
	struct conn *c = mark ? bpf_map_lookup_elem(&bpfdb_conns, mark) : 0;

	if (c && !(c->flags & BPFDB_CONN_ACCEPTED))
		conn_drop(c);
}

SEC("sockops")
int bpfdb_sockops(struct bpf_sock_ops *skops)
{
	struct bpf_sock *sk = skops->sk;

	if (!sk) {
		if (local_on && skops->op == BPF_SOCK_OPS_RWND_INIT)
			local_syn(skops);
		return 1;
	}
	switch (skops->op) {
	case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
		if (local_on)
			local_client(skops, sk);
		break;
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		take_in(skops, sk);
		break;
	case BPF_SOCK_OPS_STATE_CB:
		if (skops->args[1] != BPF_TCP_CLOSE)
			break;
		let_go(sk);
		if (local_on)
			local_client_gone(sk);
	}
	return 1;
}
