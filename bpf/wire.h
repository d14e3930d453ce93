/* SPDX-License-Identifier: GPL-2.0 */
/* wire.h - structures that the programs of wire.bpf.c share with user space. */
#ifndef WIRE_H
#define WIRE_H

/* Addresses are those of IPv6, IPv4 mapped into them; all in network byte order. */
struct wire_key {
	__u32 client[4];
	__u32 server[4];
	__u16 client_port;
	__u16 server_port;
};

#define BPFDB_WIRE_SHUT 1 /* flags: no more requests are answered in place */
#define BPFDB_WIRE_DEAD 2 /* the kernel has a new connection of the same addresses */
#define BPFDB_WIRE_CLOSED 4 /* the kernel's socket is closed: since closed_ns */
#define BPFDB_WIRE_LINGERS 8 /* ... but answers in TIME_WAIT */
#define BPFDB_WIRE_TIMESTAMPS 16 /* segments carry timestamps */
#define BPFDB_WIRE_ECN 32 /* the ends agreed on marks of congestion (RFC 3168) */
#define BPFDB_WIRE_ECHO 64 /* the client is still to be told of one: the kernel's socket does it */
#define BPFDB_WIRE_BROKEN 128 /* numbers cannot be moved any more: to be reset */

/*
 * The splice of one connection. The client and the packets between see wire sequence numbers,
 * the kernel's socket its own: wire = own + rx_delta for bytes of the client, own + tx_delta
 * for bytes of the server. The deltas count the bytes that the path took and made. "own"
 * marks numbers of the kernel's socket. Touched under lock, but for given and flags.
 */
struct wire {
	__u64 cookie;
	__u64 given; /* own: user space received all below the high half, sent all below the low */
	__u64 sent_ns; /* when kept bytes were last sent, or some of them acknowledged */
	__u64 closed_ns;
	struct wire_key
		key; /* an entry may have been freed and taken while one waits for its lock */
	__u32 lock;
	__u32 flags;
	__u32 client_start; /* own: first sequence numbers of the streams */
	__u32 server_start;
	__u32 rx_delta;
	__u32 tx_delta;
	__u32 rcv_max; /* wire: end of what was passed up */
	__u32 una; /* wire: what the client acknowledged */
	__u32 edge; /* wire: end of the client's window */
	__u32 own_nxt; /* own: end of what the kernel's socket sent */
	__u32 own_end; /* wire: the same when it was sent */
	__u32 own_floor; /* own: acknowledged, and lies before replies made here */
	__u32 own_edge; /* own: end of the client's window as the kernel's socket believes */
	__u32 own_una; /* own: what the kernel's socket knows to be acknowledged */
	__u32 own_wl; /* own: sequence number of the segment that told own_edge */
	__u32 kept; /* buffer with the replies not acknowledged: index + 1 */
	__u32 kept_from; /* wire: its first byte */
	__u32 kept_to; /* wire: behind its last byte */
	__u32 recover; /* wire: kept_to when a loss was noticed; 0 = none */
	__u32 overlap_from; /* own: requests taken here that went up all the same, before others */
	__u32 overlap_to;
	__u32 srtt_us; /* smoothed time until replies were acknowledged; 0 = not known */
	__u32 rttvar_us; /* and how far it varies */
	__u32 ts_recent; /* newest timestamps of the client ... */
	__u32 ts_sent; /* ... and of the server: clients drop what is older */
	__u32 ifindex;
	__u16 window; /* last one that the kernel's socket and the client told, not scaled */
	__u16 client_window;
	__u16 mss; /* payload bytes of a segment, as the kernel's socket and ICMP have it */
	__u16 mss_limit; /* the same after larger ones were lost too often */
	__u8 scale; /* of the client's window */
	__u8 duplicates; /* acknowledgements of una in a row */
	__u8 tries; /* resends by timer since una moved */
	__u8 stalls; /* replies in a row of which something was lost */
	__u8 macs[12]; /* as on a frame of the client: the server's first */
	__u8 rest; /* requests still to pass up without a try, after replies that did not fit */
	__u8 next_rest; /* as many, if the next try fails, too */
	__u8 _pad[2];
};

/* Context of the SYSCALL programs of wire.bpf.c. */
struct wire_args {
	struct wire_key key;
	__s32 result; /* 0, or -ENOENT no such connection, -EAGAIN see there */
	__u64 cookie;
	__u64 received; /* give: bytes that user space received and sent so far */
	__u64 sent;
};

#endif
