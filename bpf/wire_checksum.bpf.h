/* SPDX-License-Identifier: GPL-2.0 */
/* wire_checksum.bpf.h - Internet checksums of packets read and made. */
#ifndef WIRE_CHECKSUM_BPF_H
#define WIRE_CHECKSUM_BPF_H

#include <bpf/bpf_core_read.h>

#include "wire_packet.bpf.h"

#define CHECKSUM_CHUNK 512 /* bytes: what bpf_csum_diff() sums at a time before 6.13 */
#define CHECKSUM_MAX 0xffff /* bytes in all, and where they start */
#define CHECKSUM_UNNECESSARY 1
#define CHECKSUM_PARTIAL 3

struct sk_buff {
	__u8 ip_summed : 2;
} __attribute__((preserve_access_index));

/* v6.2: the kernel's own context behind a program's. */
extern void *bpf_cast_to_kern_ctx(void *ctx) __ksym;

static __always_inline __u32 checksum_state(struct __sk_buff *skb)
{
	struct sk_buff *kernel = bpf_cast_to_kern_ctx(skb);

	return BPF_CORE_READ_BITFIELD(kernel, ip_summed);
}

/* Sum of addresses, protocol and length, which is the same in both directions. */
static __always_inline __u64 checksum_pseudo(const struct packet *p, __u32 bytes)
{
	__u64 sum = bpf_htonl(bytes) + (__u64)bpf_htonl(PROTOCOL_TCP);

	sum += p->key.client[3];
	sum += p->key.server[3];
	if (p->ip4)
		return sum;
	for (int i = 0; i < 3; i++)
		sum += (__u64)p->key.client[i] + p->key.server[i];
	return sum;
}

/*
 * Sum of area[from..from+len); up to three bytes behind are cleared where len is no multiple of 4. area:
 * 0 is in[], 1 is out[].
 */
__noinline __u64 checksum_area(struct scratch *s, __u32 area, __u32 from, __u32 len)
{
	__u64 sum = 0;
	__u8 *at;

	opaque(from);
	opaque(len);
	if (!s || from > CHECKSUM_MAX)
		return 0;
	if (len > CHECKSUM_MAX)
		return 0;
	at = (area ? s->out : s->in) + from;
	if (len & 3)
		*(__u32 *)(at + len) = 0;
	for (__u32 i = unknown_zero(); i < len && CAN_LOOP; i += CHECKSUM_CHUNK) {
		__u32 n = (len - i + 3) & ~3U, off = i;

		if (n > CHECKSUM_CHUNK)
			n = CHECKSUM_CHUNK;
		opaque(n);
		opaque(off);
		if (off > CHECKSUM_MAX || n > CHECKSUM_CHUNK)
			break;
		sum += (__u32)bpf_csum_diff(0, 0, (__be32 *)(at + off), n, 0);
	}
	return sum;
}

/* True when nobody has checked the packet and it is damaged. Uses in[], or what it will hold. */
__noinline int checksum_wrong(struct __sk_buff *skb, struct packet *p, struct scratch *s)
{
	__u32 state = checksum_state(skb), bytes;

	if (!p || !s)
		return 1;
	if (state == CHECKSUM_PARTIAL || state == CHECKSUM_UNNECESSARY)
		return 0;
	bytes = p->payload - p->tcp + p->len;
	if (!in_range(bytes, TCP_BYTES, CHECKSUM_MAX) ||
	    bpf_skb_load_bytes(skb, p->tcp, s->in, bytes))
		return 1;
	return checksum_fold(checksum_pseudo(p, bytes) + checksum_area(s, 0, 0, bytes)) != 0xffff;
}

#endif
