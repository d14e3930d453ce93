/* SPDX-License-Identifier: GPL-2.0 */
/*
 * local_drain.bpf.h - finds the clients that have replies to read.
 *
 * Their queues end with the socket map. Over TCP what a server sent before it stopped can be
 * read afterwards; so user space waits a while for these clients before it closes the map.
 */
#include "tcp.bpf.h"

/* Walks the clients' socket map and writes a byte for each of them. */
SEC("iter/sockmap")
int bpfdb_unread(struct bpf_iter__sockmap *ctx)
{
	struct sock *sk = ctx->sk;

	if (sk && psock_unread((__u64)sk->sk_user_data & PSOCK_MASK))
		bpf_seq_write(ctx->meta->seq, "u", 1);
	return 0;
}
