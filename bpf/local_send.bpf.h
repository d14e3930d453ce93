/* SPDX-License-Identifier: GPL-2.0 */
/*
 * local_send.bpf.h - executes requests in the client's own send().
 *
 * The message is rewritten into the reply and redirected to the receive queue of the socket
 * that sends it: no packet is made, nobody is woken. It runs under the client's socket lock, and
 * again for what is left of a message of which only the first bytes got a verdict.
 *
 * Replies sit in a queue of the socket map, which the kernel reads before TCP's, and requests
 * that pass take longer than those that do not. So the program answers only when user space has
 * received all that the client sent, and the client has read all that it sent back over TCP.
 */
#include "scratch.bpf.h"
#include "local_direct.bpf.h"

#define LOCAL_MAX_REPLY 32768 /* bytes of replies in one message; a larger one comes over TCP */
#define LOCAL_MAX_QUEUED (1 << 20) /* memory for replies that a client has not read */
#define LOCAL_MESSAGE 1024 /* memory a queued message takes beside its bytes */
#define LOCAL_MAX_MESSAGES (LOCAL_MAX_QUEUED / LOCAL_MESSAGE)

#include "local_gate.bpf.h"
#include "local_message.bpf.h"

/* Makes l->queued what the queue holds now, at least where it was too high. */
static __noinline int local_recount(struct local *l, __u64 psock_addr)
{
	struct sk_psock *psock = kernel_cast((void *)psock_addr, struct sk_psock);
	__u64 head = psock_queue(psock_addr), at = (__u64)psock->ingress_msg.next, queued = 0;

	if (!l)
		return -EINVAL;
	for (__u32 i = unknown_zero(); i <= LOCAL_MAX_MESSAGES && CAN_LOOP; i++) {
		struct sk_msg *m;

		if (at == head)
			break;
		at -= bpf_core_field_offset(struct sk_msg, list);
		m = kernel_cast((void *)at, struct sk_msg);
		queued += m->sg.size + LOCAL_MESSAGE;
		at = (__u64)m->list.next;
	}
	l->queued = queued;
	return 0;
}

/* True when a reply more would be too much for a client that does not read. */
static __always_inline int local_backlogged(struct local *l, struct tcp_sock *tp)
{
	__u64 psock = (__u64)tp->inet_conn.icsk_inet.sk.sk_user_data & PSOCK_MASK;
	__u64 most = LOCAL_MAX_QUEUED - LOCAL_MAX_REPLY - LOCAL_MESSAGE;

	if (l->queued > most)
		local_recount(l, psock);
	return l->queued > most;
}

/* The counter that says why the client's socket must use TCP, or COUNTER_NR. */
static __always_inline enum counter local_refusal(struct bpf_sock *sk, struct conn *c,
						  struct local *l)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	struct sock *base;

	if (!tp)
		return COUNTER_FALLBACK_SOCKET;
	base = &tp->inet_conn.icsk_inet.sk;
	if (sends_by_tcp(base) || receives_by_tcp(base))
		return COUNTER_FALLBACK_SOCKET;
	if (tp->write_seq + c->requested != c->client_seq ||
	    tp->rcv_nxt + c->answered != c->server_seq ||
	    tp->copied_seq + c->answered != c->server_seq)
		return COUNTER_FALLBACK_UNREAD;
	if (local_backlogged(l, tp))
		return COUNTER_FALLBACK_BACKLOG;
	return COUNTER_NR;
}

/*
 * Has the message go over TCP. After a redirect of its first part the kernel would take
 * SK_PASS for another one, so the rest is redirected to where it goes anyway.
 */
static __always_inline int local_pass(struct sk_msg_md *msg, struct local *l, __u32 again)
{
	__u64 self = l->self;

	if (!again)
		return SK_PASS;
	bpf_msg_apply_bytes(msg, 0);
	return bpf_msg_redirect_hash(msg, &bpfdb_clients, &self, 0);
}

/* What to do with a message that was looked at inside the gate. */
enum outcome {
	OUTCOME_PASS, /* send it over TCP */
	OUTCOME_CLOSE, /* the same, and what follows it */
	OUTCOME_REPLY, /* its first out_len bytes are the reply */
	OUTCOME_REPLY_CLOSE, /* the same, and the rest is for TCP */
	OUTCOME_ABORT, /* a reply is lost: user space resets the connection */
};

/*
 * The first `taken` bytes of the message have been executed, or lie in the carry. What is
 * left behind a reply comes back to this program.
 */
static __always_inline enum outcome local_answer(struct sk_msg_md *msg, struct scratch *s,
						 __u32 taken, int close)
{
	__u32 n = s->out_len, rest = msg->size - taken;

	if (!n) {
		if (taken && bpf_msg_pop_data(msg, 0, taken, 0))
			return OUTCOME_ABORT;
		return rest ? OUTCOME_CLOSE : OUTCOME_PASS;
	}
	if (n > LOCAL_MAX_REPLY || message_answer(msg, s, n, taken) ||
	    bpf_msg_apply_bytes(msg, rest ? n : 0))
		return OUTCOME_ABORT;
	return close ? OUTCOME_REPLY_CLOSE : OUTCOME_REPLY;
}

static __always_inline enum outcome local_refuse(enum counter why)
{
	count(why, 1);
	return OUTCOME_CLOSE;
}

static __always_inline enum outcome local_execute(struct sk_msg_md *msg, struct conn *c,
						  struct scratch *s)
{
	__u32 len = msg->size, have = c->carry ? c->carry_len : 0, status, left;
	enum counter why;
	int close;

	if (len > BPFDB_BUFFER_SIZE)
		len = BPFDB_BUFFER_SIZE;
	opaque(len);
	opaque(have);
	if (!len || len > BPFDB_BUFFER_SIZE || have > BPFDB_BUFFER_SIZE || carry_crumbles(c) ||
	    carry_load(c, s) || message_read(msg, s, have, len))
		return local_refuse(COUNTER_FALLBACK_SIZE);
	s->in_pos = 0;
	s->in_len = have + len;
	s->out_len = 0;
	s->out_limit = LOCAL_MAX_REPLY;
	serve(s, c);
	status = s->status;
	why = fallback_reason(status);
	left = s->in_len - s->in_pos;
	if (status == SERVE_PARTIAL && msg->size == len) {
		if (!s->spare)
			s->spare = buffer_pop();
		if (!carry_keep(c, s))
			return local_answer(msg, s, len, 0);
		why = COUNTER_FALLBACK_CARRY;
	}
	/* Nothing was executed and the carry is as before: the message may pass whole. */
	if (!s->in_pos)
		return local_refuse(why);
	/* What was executed ends in this message: the carry has been used up. */
	carry_free(c);
	if (left > len)
		return OUTCOME_ABORT;
	/* A request cut off by the limit above may go on in what comes back. */
	close = status == SERVE_PARTIAL ? msg->size == len
					: status != SERVE_DONE && status != SERVE_FULL;
	if (close)
		count(why, 1);
	return local_answer(msg, s, len - left, close);
}

static __always_inline enum outcome local_serve(struct sk_msg_md *msg, struct bpf_sock *sk,
						struct conn *c, struct local *l, __u32 *replied)
{
	enum counter why = local_refusal(sk, c, l);
	enum outcome outcome;
	struct scratch *s;

	if (why != COUNTER_NR)
		return local_refuse(why);
	s = scratch_claim();
	if (!s)
		return local_refuse(COUNTER_FALLBACK_SCRATCH);
	outcome = local_execute(msg, c, s);
	*replied = s->out_len;
	scratch_release(s);
	return outcome;
}

/* Leaves the gate, closed where the outcome wants it, and turns the outcome into a verdict. */
static __always_inline int local_leave(struct sk_msg_md *msg, struct bpf_sock *sk, struct conn *c,
				       struct local *l, enum outcome outcome, __u32 replied,
				       __u32 again)
{
	__u64 self = l->self;
	int verdict;

	if (outcome == OUTCOME_REPLY || outcome == OUTCOME_REPLY_CLOSE) {
		verdict = bpf_msg_redirect_hash(msg, &bpfdb_clients, &self, BPF_F_INGRESS);
		l->queued += replied + LOCAL_MESSAGE;
		l->again = msg->size > replied;
		count(COUNTER_FAST_BATCHES, 1);
		count(COUNTER_LOCAL_BATCHES, 1);
		if (verdict != SK_PASS)
			outcome = OUTCOME_ABORT;
	} else if (outcome != OUTCOME_ABORT && local_request(msg, sk, c, l)) {
		verdict = SK_PASS;
	} else {
		verdict = local_pass(msg, l, again);
	}
	if (outcome == OUTCOME_ABORT) {
		count(COUNTER_DROP_REPLY, 1);
		c->flags |= BPFDB_CONN_ABORT;
		conn_wake(c);
		verdict = SK_DROP;
	}
	if (outcome != OUTCOME_PASS && outcome != OUTCOME_REPLY)
		__sync_fetch_and_or(&c->gate, GATE_CLOSED);
	gate_leave(c);
	return verdict;
}

SEC("sk_msg")
int bpfdb_local_send(struct sk_msg_md *msg)
{
	struct bpf_sock *sk = msg->sk;
	struct local *l = sk ? bpf_sk_storage_get(&bpfdb_local, sk, 0, 0) : 0;
	__u32 replied = 0, again;
	enum outcome outcome;
	struct conn *c;

	if (!l)
		return SK_PASS;
	again = l->again;
	l->again = 0;
	/* In another state than ESTABLISHED one of the two ends is closed. */
	if (sk->state != BPF_TCP_ESTABLISHED || local_unpaired(l))
		return local_pass(msg, l, again);
	c = bpf_map_lookup_elem(&bpfdb_conns, &l->server);
	switch (c ? gate_enter(c, l->key.isns) : ENTRY_GONE) {
	case ENTRY_GONE:
		return local_pass(msg, l, again);
	case ENTRY_STUCK:
		return SK_DROP;
	case ENTRY_CLOSED:
		count(COUNTER_FALLBACK_GATE, msg->size);
		outcome = OUTCOME_PASS;
		break;
	case ENTRY_OPEN:
		outcome = local_serve(msg, sk, c, l, &replied);
	}
	return local_leave(msg, sk, c, l, outcome, replied, again);
}

/*
 * A client's socket holds the program attached to it, even when the server is gone, and that
 * program's maps with it: the store, and the socket map that holds the socket. The kernel
 * empties a program array when its last file descriptor closes, so what is attached only jumps.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, int(struct sk_msg_md *));
} bpfdb_entry SEC(".maps") = {.values = {(void *)&bpfdb_local_send}};

SEC("sk_msg")
int bpfdb_send(struct sk_msg_md *msg)
{
	bpf_tail_call(msg, &bpfdb_entry, 0);
	return SK_PASS;
}
