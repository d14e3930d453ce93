/* SPDX-License-Identifier: GPL-2.0 */
/* wire_foreign.bpf.h - tells packets that are none of ours, at a glance: most of a shared interface are not. */
#ifndef WIRE_FOREIGN_BPF_H
#define WIRE_FOREIGN_BPF_H

#include "wire_packet.bpf.h"

#define PROTOCOL_UDP 17
#define IP4_PLAIN 0x45 /* first byte of a header without options */

/* The listener's port in network byte order; set by the loader. */
const volatile __u16 wire_port;

struct ports {
	__u16 source, destination;
};

/*
 * True for UDP, and for TCP of which the end on our side has another port than the listener. in: it comes from a
 * client. Whatever is not plain to see is left to packet_parse.
 */
static __always_inline int packet_foreign(struct __sk_buff *skb, int in)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct ip4_header *ip4 = data + ETHERNET_BYTES;
	struct ip6_header *ip6 = data + ETHERNET_BYTES;
	struct ports *ports;
	__u8 protocol;

	if (skb->protocol == bpf_htons(PROTOCOL_IP4)) {
		ports = (void *)(ip4 + 1);
		if ((void *)(ports + 1) > end || ip4->version != IP4_PLAIN ||
		    ip4->fragment & bpf_htons(IP4_OFFSET | IP4_MORE))
			return 0;
		protocol = ip4->protocol;
	} else if (skb->protocol == bpf_htons(PROTOCOL_IP6)) {
		ports = (void *)(ip6 + 1);
		if ((void *)(ports + 1) > end)
			return 0;
		protocol = ip6->protocol;
	} else {
		return 0;
	}
	if (protocol == PROTOCOL_TCP)
		return (in ? ports->destination : ports->source) != wire_port;
	return protocol == PROTOCOL_UDP;
}

#endif
