//go:build ignore
/* SPDX-License-Identifier: GPL-2.0 */
/*
 * wire.bpf.c - the wire path: requests are answered where their packets come in.
 *
 * tcx ingress executes the requests of a complete segment that comes in order, makes the
 * packet the reply and sends it back. The kernel's own socket does the handshake, all that
 * is not answered here, and the close; it never learns of the bytes taken and made here, so
 * sequence numbers are moved on the way in and, at tcx egress, on the way out (struct wire).
 *
 * A request is answered only while the kernel's socket has nothing outstanding: user space has
 * received all that was passed up, the client has acknowledged all that the socket sent. So
 * numbers move only where no byte of the socket is in flight, and replies keep their order.
 * Replies are kept until acknowledged. A packet that cannot be treated is dropped: TCP sends it again.
 */
#include "serve.bpf.h"
#include "conn.bpf.h"
#include "wire.h"
#include "scratch.bpf.h"

char _license[] SEC("license") = "GPL";

#define WIRE_MAX_REPLY 32768 /* bytes of replies to one segment; more goes up */
#define WIRE_MIN_REPLY 256 /* with less room than this nothing is executed */
#define WIRE_SHARE 16384 /* a window of twice this is shared with the kernel's socket */
#define WIRE_CWND 10 /* segments under way at most */
#define WIRE_MAX_REST 127 /* requests passed up at a time after replies that did not fit */
#define WIRE_MAX_SEGMENT 15872 /* payload bytes of a packet: change_tail() makes no larger ones */
#define WIRE_SAFE_SEGMENT6 1208 /* fits the smallest MTU of IPv6 */
#define WIRE_LOCK_TRIES (1 << 16) /* looks at a lock before the packet is dropped */
#define WIRE_DUPLICATES 3 /* acknowledgements in a row that mean a loss */
#define LOOPBACK_IFINDEX 1

/* Marks packets made here, so that the hooks they meet let them pass; set by the loader. */
const volatile __u32 wire_mark = 0xbdb;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384); /* set by the loader */
	__type(key, struct wire_key);
	__type(value, struct wire);
} bpfdb_wires SEC(".maps");

/* As in sockmap.bpf.c: user space marks its listening socket, children inherit the mark. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, __u64);
} bpfdb_owned SEC(".maps");

#include "wire_packet.bpf.h"
#include "wire_foreign.bpf.h"
#include "wire_checksum.bpf.h"
#include "wire_splice.bpf.h"
#include "wire_segment.bpf.h"
#include "wire_ingress.bpf.h"
#include "wire_egress.bpf.h"
#include "wire_sockops.bpf.h"
#include "wire_handover.bpf.h"
