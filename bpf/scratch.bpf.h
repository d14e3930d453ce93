/* SPDX-License-Identifier: GPL-2.0 */
/* scratch.bpf.h - claiming the work area of one program run. */
#ifndef SCRATCH_BPF_H
#define SCRATCH_BPF_H

#include "maps.bpf.h"

#define SCRATCH_MAX_PROBES 64 /* areas looked at */

static __always_inline struct scratch *scratch_at(__u32 id)
{
	return bpf_map_lookup_elem(&bpfdb_scratches, &id);
}

/*
 * Claims an area, first the one of this CPU, whose memory is likely still in its cache.
 * NULL when all are in use. Whoever claims it must release it on every way out.
 */
static __always_inline struct scratch *scratch_claim(void)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct control *ctl = control();

	if (!ctl || !ctl->scratch_count)
		return 0;
	for (__u32 i = unknown_zero(); i < SCRATCH_MAX_PROBES && i < ctl->scratch_count && CAN_LOOP;
	     i++) {
		struct scratch *s = scratch_at((cpu + i) % ctl->scratch_count);

		if (s && !READ_ONCE(s->busy) && !__sync_val_compare_and_swap(&s->busy, 0, 1))
			return s;
	}
	return 0;
}

static __always_inline void scratch_release(struct scratch *s)
{
	barrier();
	WRITE_ONCE(s->busy, 0);
}

#endif
