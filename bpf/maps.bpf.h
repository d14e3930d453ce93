/* SPDX-License-Identifier: GPL-2.0 */
/*
 * maps.bpf.h - the engine's maps and the way from a ref to memory.
 *
 * Every object that embeds the engine declares these maps; the loader replaces them by
 * the one set the engine owns. Sizes marked "set by the loader" are only placeholders.
 */
#ifndef MAPS_BPF_H
#define MAPS_BPF_H

#include "kernel.bpf.h"

struct heap_segment {
	__u8 bytes[BPFDB_SEGMENT_SIZE + BPFDB_SEGMENT_TAIL];
};

struct index_segment {
	struct bucket buckets[BPFDB_INDEX_SEGMENT_BUCKETS];
};

struct heap_segment_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__uint(value_size, sizeof(struct heap_segment));
};

struct index_segment_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__uint(value_size, sizeof(struct index_segment));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, BPFDB_MAX_SEGMENTS);
	__type(key, __u32);
	__array(values, struct heap_segment_map);
} bpfdb_heap SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, BPFDB_MAX_INDEX_SEGMENTS);
	__type(key, __u32);
	__array(values, struct index_segment_map);
} bpfdb_index SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct control);
} bpfdb_control SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BPFDB_MAX_SHARDS);
	__type(key, __u32);
	__type(value, struct shard);
} bpfdb_shards SEC(".maps");

/* Regions of buckets with versions kept for snapshots: see BPFDB_REGION_SHIFT. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* set by the loader */
	__type(key, __u32);
	__type(value, __u64);
} bpfdb_marks SEC(".maps");

/* Areas below control.scratch_count are claimed by programs, the rest by user space. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 16); /* set by the loader */
	__type(key, __u32);
	__type(value, struct scratch);
} bpfdb_scratches SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BPFDB_MAX_TXNS);
	__type(key, __u32);
	__type(value, struct txn);
} bpfdb_txns SEC(".maps");

/* Connections by socket cookie. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384); /* set by the loader */
	__type(key, __u64);
	__type(value, struct conn);
} bpfdb_conns SEC(".maps");

struct log_segment {
	__u8 bytes[BPFDB_LOG_SEGMENT_SIZE + BPFDB_LOG_SEGMENT_TAIL];
};

struct log_segment_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__uint(value_size, sizeof(struct log_segment));
};

/* The redo log's ring; without a log it has no segments, and no marks. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, BPFDB_MAX_LOG_SEGMENTS);
	__type(key, __u32);
	__array(values, struct log_segment_map);
} bpfdb_log SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* lines of the ring: set by the loader */
	__type(key, __u32);
	__type(value, __u64);
} bpfdb_log_marks SEC(".maps");

static __always_inline struct control *control(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&bpfdb_control, &zero);
}

/* The shard of this CPU. Another CPU may use it too, after a migration: only atomics. */
static __always_inline struct shard *shard(void)
{
	struct control *ctl = control();
	__u32 id;

	if (!ctl)
		return 0;
	id = bpf_get_smp_processor_id() & ctl->shard_mask;
	return bpf_map_lookup_elem(&bpfdb_shards, &id);
}

static __always_inline void count(enum counter which, __u64 n)
{
	struct shard *sh = shard();

	if (sh)
		__sync_fetch_and_add(&sh->counters[which], n);
}

static __always_inline void keys_count(__s64 n)
{
	struct shard *sh = shard();

	if (sh)
		__sync_fetch_and_add(&sh->keys, n);
}

/* The memory a ref names, or NULL when its segment does not exist. */
static __always_inline void *heap_at(__u64 ref)
{
	__u32 segment = (ref & BPFDB_REF_MASK) / BPFDB_SEGMENT_UNITS, zero = 0;
	__u64 off = (ref % BPFDB_SEGMENT_UNITS) * BPFDB_UNIT;
	void *inner = bpf_map_lookup_elem(&bpfdb_heap, &segment);
	char *base;

	if (!inner)
		return 0;
	base = bpf_map_lookup_elem(inner, &zero);
	if (!base)
		return 0;
	return base + off;
}

static __always_inline struct bucket *bucket_at(__u64 id)
{
	__u32 segment = id >> BPFDB_INDEX_SEGMENT_SHIFT, zero = 0;
	void *inner = bpf_map_lookup_elem(&bpfdb_index, &segment);
	struct index_segment *base;

	if (!inner)
		return 0;
	base = bpf_map_lookup_elem(inner, &zero);
	if (!base)
		return 0;
	return &base->buckets[id & (BPFDB_INDEX_SEGMENT_BUCKETS - 1)];
}

#endif
