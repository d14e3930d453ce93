//go:build ignore
/* SPDX-License-Identifier: GPL-2.0 */
/* packets.bpf.c - counts packets by length at XDP: the engine from another program type. */

#include "../../../bpf/operators.bpf.h"

char _license[] SEC("license") = "GPL";

SEC("xdp")
int count_packet(struct xdp_md *packet)
{
	__u64 length = packet->data_end - packet->data, count;
	struct scratch *db = bpfdb_open();

	if (!db)
		return XDP_DROP;
	for (int tries = 0; tries < 8 && !bpfdb_begin(db); tries++) {
		count = 0;
		bpfdb_get(db, &length, sizeof(length), &count, sizeof(count));
		count++;
		if (bpfdb_set(db, &length, sizeof(length), &count, sizeof(count)))
			break;
		if (bpfdb_commit(db) != -EAGAIN)
			break;
	}
	bpfdb_close(db);
	return XDP_PASS;
}
