/* SPDX-License-Identifier: GPL-2.0 */
/*
 * sockmap_reply.bpf.h - swaps a redirected request for its reply on the way into TCP.
 *
 * The worker sends the linear part and every fragment of an skb as a message of its own, all
 * but the last with MSG_MORE: the last becomes the reply, the others become nothing. (A
 * reply sent with MSG_MORE would wait 200 ms in the socket for more.) User space writes to
 * the socket only while no reply is queued, so a queued reply tells the worker's messages
 * from its.
 */

/* Writes the n bytes over the start of the message. 0, or -ENOSPC when it has no room for them. */
static __always_inline int overwrite(struct sk_msg_md *msg, struct buffer *b, __u32 n)
{
	__u8 *data = msg->data, *end = msg->data_end;

	if (n > SOCKMAP_INLINE || n > end - data)
		return -ENOSPC;
	for (int i = 0; i < SOCKMAP_INLINE; i++) {
		if (i >= n)
			break;
		if (data + i + 1 > end)
			return -ENOSPC;
		data[i] = b->bytes[i];
	}
	return 0;
}

/* Puts n bytes in front of the message, rounded up to whole chunks. */
static __always_inline int prepend(struct sk_msg_md *msg, struct buffer *b, __u32 n)
{
	__u32 room = (n + SOCKMAP_CHUNK - 1) & ~(SOCKMAP_CHUNK - 1);
	__u8 *data, *end;

	if (bpf_msg_push_data(msg, 0, room, 0) || bpf_msg_pull_data(msg, 0, room, 0))
		return -ENOMEM;
	for (__u32 off = 0; off < SOCKMAP_MAX_REPLY; off += SOCKMAP_CHUNK) {
		if (off >= n)
			break;
		data = msg->data;
		end = msg->data_end;
		if (data + off + SOCKMAP_CHUNK > end)
			return -EINVAL;
		__builtin_memcpy(data + off, b->bytes + off, SOCKMAP_CHUNK);
	}
	return 0;
}

static __always_inline int swap(struct sk_msg_md *msg, struct buffer *b)
{
	__u32 n = b->len;

	if (overwrite(msg, b, n) && prepend(msg, b, n))
		return -ENOMEM;
	return msg->size > n ? bpf_msg_pop_data(msg, n, msg->size - n, 0) : 0;
}

SEC("sk_msg")
int bpfdb_reply(struct sk_msg_md *msg)
{
	__u64 *mark = msg->sk ? bpf_sk_storage_get(&bpfdb_owned, msg->sk, 0, 0) : 0;
	struct conn *c = mark ? bpf_map_lookup_elem(&bpfdb_conns, mark) : 0;
	__u32 size = msg->size, err;
	struct buffer *b;

	if (!c || !c->first_reply)
		return SK_PASS;
	b = buffer_at(c->first_reply);
	if (!b)
		return SK_PASS;
	if (size < b->skip) {
		b->skip -= size;
		err = bpf_msg_pop_data(msg, 0, size, 0);
	} else {
		err = swap(msg, b);
		c->reply_bytes -= b->len;
		reply_pop(c, b);
	}
	if (err) {
		conn_abort(c);
		return SK_DROP;
	}
	return SK_PASS;
}
