//go:build ignore
/* SPDX-License-Identifier: GPL-2.0 */
/*
 * sockmap.bpf.c - the paths that live in sockets: sockmap here, local in local*.bpf.h. A
 * connection is on one of them for all its life.
 *
 * On the sockmap path requests are executed where TCP hands data to a socket.
 * sk_skb/stream_verdict executes the requests of an skb, queues the reply in a buffer of
 * the connection and redirects the skb, unchanged, to its own socket; the kernel's worker then
 * "sends" it, and sk_msg swaps the bytes for the reply on their way into the TCP send queue.
 * Rewriting the skb itself looks simpler, but tcp_eat_skb() advances copied_seq by the length
 * the skb has after the verdict: with replies longer than their requests copied_seq overtakes
 * rcv_nxt and the socket never reports data again (tcp_epollin_ready; tried on Linux 6.18).
 *
 * What the verdict cannot take goes up: the gate closes, an event names the connection, the
 * skb and all that follow are passed to recv(). An skb is passed whole, before anything of it was
 * executed, or its unexecuted rest stays in the carry; bytes are never in both places.
 */
#include "serve.bpf.h"
#include "conn.bpf.h"
#include "tcp.bpf.h"

char _license[] SEC("license") = "GPL";

#define SOCKMAP_MAX_SKB BPFDB_BUFFER_SIZE /* the unexecuted rest of an skb must fit a buffer */
#define SOCKMAP_MAX_REPLY 32768 /* bytes of replies to one skb; more goes up */
#define SOCKMAP_CHUNK 512 /* bytes of a reply copied at a time */
#define SOCKMAP_INLINE 64 /* replies up to here overwrite the request in place */

struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, 16384); /* set by the loader */
	__type(key, __u64);
	__type(value, __u64);
} bpfdb_socks SEC(".maps");

/*
 * Marks sockets as ours: user space marks its listening socket, children inherit the
 * mark, so no other server's connection is ever touched, whatever its port or namespace.
 * The value is the socket's cookie, 0 on the listener.
 */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, __u64);
} bpfdb_owned SEC(".maps");

/* Which paths the loader wants. */
const volatile __u8 sockmap_on = 1;
const volatile __u8 local_on = 1;

#include "local.bpf.h"
#include "local_direct.bpf.h"
#include "sockmap_sockops.bpf.h"
#include "sockmap_verdict.bpf.h"
#include "sockmap_reply.bpf.h"
#include "sockmap_handover.bpf.h"
#include "local_send.bpf.h"
#include "local_drain.bpf.h"
