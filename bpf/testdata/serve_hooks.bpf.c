//go:build ignore
/* SPDX-License-Identifier: GPL-2.0 */
/* serve_hooks.bpf.c - serve() from every program type a path may use; loaded, never attached. */

#include "../serve.bpf.h"

char _license[] SEC("license") = "GPL";

static __always_inline void serve_area(void)
{
	__u64 cookie = 0;
	__u32 area = 0;
	struct scratch *s = bpf_map_lookup_elem(&bpfdb_scratches, &area);
	struct conn *c = bpf_map_lookup_elem(&bpfdb_conns, &cookie);

	if (s && c)
		serve(s, c);
}

SEC("sk_skb/stream_verdict")
int serve_sk_skb(struct __sk_buff *skb)
{
	serve_area();
	return SK_PASS;
}

SEC("sk_msg")
int serve_sk_msg(struct sk_msg_md *msg)
{
	serve_area();
	return SK_PASS;
}

SEC("tc")
int serve_tc(struct __sk_buff *skb)
{
	serve_area();
	return 0;
}

SEC("xdp")
int serve_xdp(struct xdp_md *packet)
{
	serve_area();
	return XDP_PASS;
}
