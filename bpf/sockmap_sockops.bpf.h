/* SPDX-License-Identifier: GPL-2.0 */
/* sockmap_sockops.bpf.h - connections of our listener enter and, if never accepted, leave. */

static __always_inline void conn_free(struct conn *c)
{
	__u64 cookie = c->cookie;
	__u32 txn = __sync_lock_test_and_set(&c->txn, 0);

	if (txn && !txn_enter(txn, cookie))
		txn_abort(txn);
	multi_end(c);
	carry_free(c);
	for (int i = 0; i < BUFFER_MAX_TRIES && CAN_LOOP; i++) {
		struct buffer *b = c->first_reply ? buffer_at(c->first_reply) : 0;

		if (!b)
			break;
		reply_pop(c, b);
	}
	bpf_map_delete_elem(&bpfdb_conns, &cookie);
}

static __always_inline void take_in(struct bpf_sock_ops *skops, __u64 *mark)
{
	struct conn c = {.protocol = 2};

	c.cookie = bpf_get_socket_cookie(skops);
	if (bpf_map_update_elem(&bpfdb_conns, &c.cookie, &c, BPF_NOEXIST))
		return;
	if (bpf_sock_hash_update(skops, &bpfdb_socks, &c.cookie, BPF_ANY)) {
		bpf_map_delete_elem(&bpfdb_conns, &c.cookie);
		return;
	}
	*mark = c.cookie;
	bpf_sock_ops_cb_flags_set(skops, BPF_SOCK_OPS_STATE_CB_FLAG);
	count(COUNTER_CONNECTIONS, 1);
}

SEC("sockops")
int bpfdb_sockops(struct bpf_sock_ops *skops)
{
	struct bpf_sock *sk = skops->sk;
	struct conn *c;
	__u64 *mark;

	if (skops->op != BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB && skops->op != BPF_SOCK_OPS_STATE_CB)
		return 1;
	if (!sk)
		return 1;
	mark = bpf_sk_storage_get(&bpfdb_owned, sk, 0, 0);
	if (!mark)
		return 1;
	if (skops->op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB) {
		take_in(skops, mark);
		return 1;
	}
	if (skops->args[1] != BPF_TCP_CLOSE)
		return 1;
	c = bpf_map_lookup_elem(&bpfdb_conns, mark);
	if (c && !(c->flags & BPFDB_CONN_ACCEPTED))
		conn_free(c);
	return 1;
}
