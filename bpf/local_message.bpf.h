/* SPDX-License-Identifier: GPL-2.0 */
/* local_message.bpf.h - reads requests from a message to be sent, and makes it the reply. */
#ifndef LOCAL_MESSAGE_BPF_H
#define LOCAL_MESSAGE_BPF_H

#include "conn.bpf.h"

#define LOCAL_WINDOW 32768 /* bytes of a message in pieces that are made one piece at a time */
#define LOCAL_CHUNK 64 /* bytes of a reply copied at a time */
#define LOCAL_WORD 8

/* Copies the first len bytes of the message to in[to..to+len). 0 or a negative errno. */
static __always_inline int message_read(struct sk_msg_md *msg, struct scratch *s, __u32 to,
					__u32 len)
{
	__u8 *data = msg->data, *end = msg->data_end;

	if (to > BPFDB_BUFFER_SIZE || len > BPFDB_BUFFER_SIZE)
		return -EINVAL;
	if (len <= end - data)
		return bpf_probe_read_kernel(s->in + to, len, data);
	for (__u32 off = 0; off < BPFDB_BUFFER_SIZE; off += LOCAL_WINDOW) {
		__u32 n = len - off;

		if (off >= len)
			break;
		if (n > LOCAL_WINDOW)
			n = LOCAL_WINDOW;
		if (bpf_msg_pull_data(msg, off, off + n, 0))
			return -ENOMEM;
		if (bpf_probe_read_kernel(s->in + to + off, n, msg->data))
			return -EINVAL;
	}
	return bpf_msg_pull_data(msg, 0, 1, 0);
}

/* Writes out[0..room) over the start of the message, where room bytes lie in one piece. */
static __always_inline int message_copy(struct sk_msg_md *msg, struct scratch *s, __u32 room)
{
	__u32 off = unknown_zero();
	__u8 *data, *end;

	for (; off + LOCAL_CHUNK <= room && CAN_LOOP; off += LOCAL_CHUNK) {
		if (off > LOCAL_MAX_REPLY)
			return -EINVAL;
		data = msg->data;
		end = msg->data_end;
		if (data + off + LOCAL_CHUNK > end)
			return -EINVAL;
		__builtin_memcpy(data + off, s->out + off, LOCAL_CHUNK);
	}
	for (; off < room && CAN_LOOP; off += LOCAL_WORD) {
		if (off > LOCAL_MAX_REPLY)
			return -EINVAL;
		data = msg->data;
		end = msg->data_end;
		if (data + off + LOCAL_WORD > end)
			return -EINVAL;
		__builtin_memcpy(data + off, s->out + off, LOCAL_WORD);
	}
	return 0;
}

/*
 * Replaces the first `taken` bytes of the message by out[0..n). In place where there is room,
 * in a page of its own else. 0 or a negative errno.
 */
static __always_inline int message_answer(struct sk_msg_md *msg, struct scratch *s, __u32 n,
					  __u32 taken)
{
	__u32 room = (n + LOCAL_WORD - 1) & ~(LOCAL_WORD - 1);

	if (room > taken || room > (__u8 *)msg->data_end - (__u8 *)msg->data) {
		if (bpf_msg_push_data(msg, 0, room, 0))
			return -ENOMEM;
		taken += room;
	}
	if (message_copy(msg, s, room))
		return -EINVAL;
	return taken > n ? bpf_msg_pop_data(msg, n, taken - n, 0) : 0;
}

#endif
