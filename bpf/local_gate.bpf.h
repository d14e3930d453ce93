/* SPDX-License-Identifier: GPL-2.0 */
/*
 * local_gate.bpf.h - enters and leaves a connection from the client's side of it.
 *
 * The client's socket and the server's are locked apart, and a connection may be dropped, even
 * its entry be reused for another, while the client's send() looks at it. So a program
 * touches it only between enter and leave, after the initial sequence numbers have matched.
 */
#ifndef LOCAL_GATE_BPF_H
#define LOCAL_GATE_BPF_H

#include "conn.bpf.h"

#define ENTER_TRIES 64 /* others hold the gate for some instructions only */

enum entry {
	ENTRY_OPEN, /* inside: the kernel serves */
	ENTRY_CLOSED, /* inside: user space serves */
	ENTRY_GONE, /* outside: the server has dropped the connection */
	ENTRY_STUCK, /* outside: nothing is known */
};

static __always_inline void gate_leave(struct conn *c)
{
	if (__sync_fetch_and_and(&c->gate, ~GATE_BUSY) & GATE_DEAD)
		conn_free(c);
}

static __always_inline enum entry gate_enter(struct conn *c, __u64 isns)
{
	__u64 old = GATE_BUSY;

	for (int i = 0; i < ENTER_TRIES && CAN_LOOP; i++) {
		old = READ_ONCE(c->gate);
		if (old & GATE_DEAD)
			return ENTRY_GONE;
		if (!(old & GATE_BUSY) &&
		    __sync_val_compare_and_swap(&c->gate, old, old | GATE_BUSY) == old)
			break;
		old = GATE_BUSY;
	}
	if (old == GATE_BUSY)
		return ENTRY_STUCK;
	if (READ_ONCE(c->isns) != isns) {
		gate_leave(c);
		return ENTRY_GONE;
	}
	return old & GATE_CLOSED ? ENTRY_CLOSED : ENTRY_OPEN;
}

#endif
