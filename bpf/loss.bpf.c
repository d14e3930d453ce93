//go:build ignore
/* SPDX-License-Identifier: GPL-2.0 */
/*
 * loss.bpf.c - an interface that loses packets at random before anybody else at it sees them. A tool of
 * experiments: in the kernel, so that what is measured is not how fast a program in between forwards packets.
 */
#include "kernel.bpf.h"

char _license[] SEC("license") = "GPL";

/* How many of 2^32 packets are lost; one that is yet to be segmented counts once. */
volatile __u32 loss_share;

SEC("tcx/ingress")
int bpfdb_lose(struct __sk_buff *skb)
{
	return bpf_get_prandom_u32() < loss_share ? TCX_DROP : TCX_NEXT;
}
