/* SPDX-License-Identifier: GPL-2.0 */
/* wire_handover.bpf.h - what user space does with connections, and the resend timer. */
#ifndef WIRE_HANDOVER_BPF_H
#define WIRE_HANDOVER_BPF_H

#include "wire_egress.bpf.h"

#define WIRE_MAX_TRIES 255

/* User space received and executed args->received bytes and sent args->sent in all. */
SEC("syscall")
int bpfdb_wire_give(struct wire_args *args)
{
	struct wire_key key = args->key;
	struct wire *w = bpf_map_lookup_elem(&bpfdb_wires, &key);

	args->result = -ENOENT;
	if (!w || w->cookie != args->cookie)
		return 0;
	WRITE_ONCE(w->given, (__u64)(w->client_start + (__u32)args->received) << 32 |
				     (w->server_start + (__u32)args->sent));
	args->result = 0;
	return 0;
}

/* No request is executed from now on. -EAGAIN: one may still be under way, ask again. */
SEC("syscall")
int bpfdb_wire_shut(struct wire_args *args)
{
	struct wire_key key = args->key;
	struct wire *w = bpf_map_lookup_elem(&bpfdb_wires, &key);

	args->result = -ENOENT;
	if (!w || w->cookie != args->cookie)
		return 0;
	__sync_fetch_and_or(&w->flags, BPFDB_WIRE_SHUT);
	args->result = READ_ONCE(w->lock) ? -EAGAIN : 0;
	return 0;
}

/* Frees a connection closed for long. */
SEC("syscall")
int bpfdb_wire_forget(struct wire_args *args)
{
	struct wire_key key = args->key;
	struct wire *w = bpf_map_lookup_elem(&bpfdb_wires, &key);

	args->result = -ENOENT;
	if (!w || w->cookie != args->cookie || !(w->flags & BPFDB_WIRE_CLOSED))
		return 0;
	args->result = -EAGAIN;
	if (__sync_val_compare_and_swap(&w->lock, 0, 1))
		return 0;
	kept_free(w);
	bpf_map_delete_elem(&bpfdb_wires, &key);
	args->result = 0;
	return 0;
}

/*
 * Run by user space for a connection that is due: the packet holds its key where an IP header
 * would be, and becomes the segment. A resend on loopback would have no route; no packet is lost there.
 */
SEC("tc")
int bpfdb_wire_resend(struct __sk_buff *skb)
{
	struct packet p = {.flags = TCP_ACK};
	struct scratch *s;
	struct wire *w;

	if (bpf_skb_load_bytes(skb, ETHERNET_BYTES, &p.key, sizeof(p.key)))
		return TCX_DROP;
	w = bpf_map_lookup_elem(&bpfdb_wires, &p.key);
	s = w ? scratch_claim() : 0;
	if (!s)
		return TCX_DROP;
	p.ip4 = !p.key.client[0] && !p.key.client[1] && p.key.client[2] == bpf_htonl(0xffff);
	p.tcp = ETHERNET_BYTES + (p.ip4 ? IP4_BYTES : IP6_BYTES);
	skb->mark = wire_mark;
	if (wire_lock(w, &p.key)) {
		w->tries += w->tries < WIRE_MAX_TRIES;
		if (kept_waits(w) && w->ifindex != LOOPBACK_IFINDEX && !wire_resend(skb, &p, w, s))
			bpf_clone_redirect(skb, w->ifindex, 0);
		wire_unlock(w);
	}
	scratch_release(s);
	return TCX_DROP;
}

#endif
