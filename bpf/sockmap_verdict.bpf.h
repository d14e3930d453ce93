/* SPDX-License-Identifier: GPL-2.0 */
/* sockmap_verdict.bpf.h - executes the requests of an skb. Runs under the socket lock. */

#include "scratch.bpf.h"

/*
 * True when the replies under way and one more might not fit the socket's send buffer. The
 * worker retries a full send buffer only every jiffy, and what is passed up behind
 * a waiting reply escapes the receive buffer's accounting; user space waits properly.
 */
static __always_inline int backlogged(struct __sk_buff *skb, struct conn *c)
{
	struct bpf_sock *sk = skb->sk;
	struct tcp_sock *tp;
	long room;

	if (!sk)
		return 1;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return 1;
	room = tp->inet_conn.icsk_inet.sk.sk_sndbuf - tp->inet_conn.icsk_inet.sk.sk_wmem_queued;
	return room < 2 * ((long)c->reply_bytes + SOCKMAP_MAX_REPLY);
}

static __always_inline enum counter fallback_reason(__u32 status)
{
	switch (status) {
	case SERVE_FULL:
	case SERVE_PARTIAL:
		return COUNTER_FALLBACK_SIZE;
	case SERVE_BUSY:
		return COUNTER_FALLBACK_BUSY;
	case SERVE_GROW:
		return COUNTER_FALLBACK_GROW;
	case SERVE_LOG:
		return COUNTER_FALLBACK_LOG;
	case SERVE_SYNC:
		return COUNTER_FALLBACK_SYNC;
	case SERVE_PROTOCOL:
		return COUNTER_FALLBACK_PROTOCOL;
	}
	return COUNTER_FALLBACK_COMMAND;
}

static __always_inline int pass(struct conn *c, __u32 len, enum counter reason)
{
	gate_close(c, len, reason);
	return SK_PASS;
}

/* What is left of the input stays in the carry; the reply starts its way out. */
static __always_inline int answer(struct __sk_buff *skb, struct conn *c, struct scratch *s,
				  __u32 reply, __u32 status)
{
	__u64 cookie = c->cookie;
	int verdict = SK_DROP;

	if (s->in_pos == s->in_len)
		carry_free(c);
	else if (carry_keep(c, s))
		conn_abort(c);
	if (!s->out_len) {
		buffer_push(reply);
	} else if (reply_queue(c, s, reply, skb->len)) {
		buffer_push(reply);
		conn_abort(c);
	} else {
		count(COUNTER_FAST_BATCHES, 1);
		verdict = bpf_sk_redirect_hash(skb, &bpfdb_socks, &cookie, 0);
	}
	if (status != SERVE_DONE && status != SERVE_PARTIAL)
		gate_close(c, 0, fallback_reason(status));
	return verdict;
}

/* Copies the len bytes of the skb to in[to..to+len). 0 or a negative errno. */
static __always_inline int skb_read(struct __sk_buff *skb, struct scratch *s, __u32 to, __u32 len)
{
	opaque(to);
	opaque(len);
	if (to > BPFDB_BUFFER_SIZE || !in_range(len, 1, SOCKMAP_MAX_SKB))
		return -EINVAL;
	return bpf_skb_load_bytes(skb, 0, s->in + to, len);
}

static __always_inline int execute(struct __sk_buff *skb, struct conn *c, struct scratch *s)
{
	__u32 len = skb->len, have = c->carry ? c->carry_len : 0, reply, status;

	if (len > SOCKMAP_MAX_SKB || have > BPFDB_BUFFER_SIZE || carry_crumbles(c))
		return pass(c, len, COUNTER_FALLBACK_SIZE);
	if (!s->spare)
		s->spare = buffer_pop();
	reply = s->spare ? buffer_pop() : 0;
	if (!reply)
		return pass(c, len, COUNTER_FALLBACK_CARRY);
	if (carry_load(c, s) || skb_read(skb, s, have, len)) {
		buffer_push(reply);
		return pass(c, skb->len, COUNTER_FALLBACK_SIZE);
	}
	s->in_pos = 0;
	s->in_len = have + len;
	s->out_len = 0;
	s->out_limit = SOCKMAP_MAX_REPLY;
	serve(s, c);
	status = s->status;
	/* Nothing was executed and the carry is as before: the skb may go up whole. */
	if (!s->in_pos && !s->out_len &&
	    (status != SERVE_PARTIAL || s->in_len > BPFDB_BUFFER_SIZE)) {
		buffer_push(reply);
		return pass(c, skb->len, fallback_reason(status));
	}
	return answer(skb, c, s, reply, status);
}

SEC("sk_skb/stream_verdict")
int bpfdb_verdict(struct __sk_buff *skb)
{
	__u64 cookie = bpf_get_socket_cookie(skb);
	struct conn *c = bpf_map_lookup_elem(&bpfdb_conns, &cookie);
	struct scratch *s;
	int verdict;

	if (!c)
		return SK_PASS;
	/*
	 * An empty skb is a FIN, which the socket has noted already. Passed behind a reply under way it would
	 * break the worker, which takes "0 bytes sent" for EPIPE.
	 */
	if (!skb->len)
		return SK_DROP;
	if (gate_passes(c, skb->len)) {
		count(COUNTER_FALLBACK_GATE, skb->len);
		return SK_PASS;
	}
	if (backlogged(skb, c))
		return pass(c, skb->len, COUNTER_FALLBACK_BACKLOG);
	s = scratch_claim();
	if (!s)
		return pass(c, skb->len, COUNTER_FALLBACK_SCRATCH);
	verdict = execute(skb, c, s);
	scratch_release(s);
	return verdict;
}
