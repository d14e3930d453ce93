/* SPDX-License-Identifier: GPL-2.0 */
/* record.bpf.h - keys and record versions: staging, hashing, copying. */
#ifndef RECORD_BPF_H
#define RECORD_BPF_H

#include "index.bpf.h"

/* Longest copy done with word moves; beyond, the kernel's copy routine is faster. */
#define COPY_WORDS_MAX 16

/*
 * Copies len bytes between map values; may write up to 7 bytes more, which both record
 * blocks (sized in 8-byte steps) and the areas (with slack) have room for.
 */
static __always_inline void copy_bytes(void *to, const void *from, __u32 len)
{
	if (len <= COPY_WORDS_MAX * 8) {
		for (__u32 i = 0; i < COPY_WORDS_MAX; i++) {
			if (i * 8 >= len)
				break;
			((__u64 *)to)[i] = ((const __u64 *)from)[i];
		}
		return;
	}
	if (len <= BPFDB_MAX_VALUE)
		bpf_probe_read_kernel(to, len, from);
}

/* Multiply-xorshift finaliser (Stafford's mix 13, as in SplitMix64). */
static __always_inline __u64 mix(__u64 x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ULL;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

/*
 * One word's part of NH (Black et al., UMAC, CRYPTO 1999): two keys of equal length get the same
 * sum for one secret in 2^32, whoever chose them. The finaliser spreads the sum.
 */
static __always_inline __u64 hash_word(__u64 word, __u64 key)
{
	return (__u64)((__u32)word + (__u32)key) * (__u32)((word >> 32) + (key >> 32));
}

/* The word of a key of len bytes that starts at byte `at` of it, zero-padded; at < len. */
static __always_inline __u64 key_word(const __u8 *from, __u32 at, __u32 len)
{
	__u64 word = *(__u64 *)(from + at);

	return len - at < 8 ? word & ((1ULL << (len - at) * 8) - 1) : word;
}

/*
 * Stages the len bytes at from as the current key: zero-padded copy and seeded hash. A key
 * over BPFDB_MAX_KEY bytes is -EINVAL.
 */
static __always_inline int key_copy(struct scratch *s, const __u8 *from, __u32 len)
{
	struct control *ctl = control();
	__u64 hash, word;

	if (!ctl || len > BPFDB_MAX_KEY)
		return -EINVAL;
	hash = len;
	for (__u32 i = 0; i < BPFDB_KEY_WORDS; i++) {
		if (i * 8 >= len)
			break;
		word = key_word(from, i * 8, len);
		s->key.words[i] = word;
		hash += hash_word(word, ctl->hash_key[i]);
	}
	s->key.len = len;
	s->key.hash = mix(hash);
	return 0;
}

/* The same of in[off..off+len). */
static __always_inline int key_take(struct scratch *s, __u32 off, __u32 len)
{
	return key_copy(s, s->in + (off & BPFDB_IN_MASK), len);
}

__noinline int key_stage(struct scratch *s, __u32 off, __u32 len)
{
	return s ? key_take(s, off, len) : -EINVAL;
}

/* Stages the key of a record again, with the hash it had. */
static __always_inline int key_restage(struct scratch *s, __u64 ref, __u64 hash)
{
	struct record *rec = heap_at(ref);
	__u32 len;

	if (!rec)
		return -EINVAL;
	len = rec->key_len;
	for (__u32 i = 0; i < BPFDB_KEY_WORDS; i++) {
		if (i * 8 >= len)
			break;
		s->key.words[i] = ((__u64 *)rec->data)[i];
	}
	s->key.len = len;
	s->key.hash = hash;
	return 0;
}

/* Where the value starts in a record of the staged key. */
static __always_inline void *record_value(struct scratch *s, struct record *rec)
{
	__u32 padded = (s->key.len + 7) & ~7u;

	if (padded > BPFDB_MAX_KEY)
		padded = BPFDB_MAX_KEY;
	return rec->data + padded;
}

/* Gives a version back that no reader can newly find. */
__noinline int record_free(__u64 ref)
{
	struct record *rec = heap_at(ref);

	return rec ? heap_release(ref, rec->cls) : -EINVAL;
}

/* A new version of the staged key with room for value_len bytes; not reachable yet. */
__noinline __s64 kv_prepare(struct scratch *s, __u32 value_len)
{
	struct record *rec;
	__u32 size, words;
	__s64 ref;

	if (!s || value_len > BPFDB_MAX_VALUE || s->key.len > BPFDB_MAX_KEY)
		return -EINVAL;
	words = (s->key.len + 7) / 8;
	size = sizeof(struct record) + words * 8 + ((value_len + 7) & ~7u);
	ref = heap_alloc(size);
	if (ref < 0)
		return ref;
	rec = heap_at(ref);
	if (!rec)
		return -EINVAL;
	rec->older = 0;
	rec->commit_ts = 0;
	rec->value_len = value_len;
	rec->key_len = s->key.len;
	rec->cls = class_of(size);
	rec->flags = 0;
	for (__u32 i = 0; i < BPFDB_KEY_WORDS && i < words; i++)
		((__u64 *)rec->data)[i] = s->key.words[i];
	return ref;
}

/* A version of the staged key that says it was deleted; as kv_prepare. */
static __always_inline __s64 tombstone_prepare(struct scratch *s)
{
	__s64 ref = kv_prepare(s, 0);
	struct record *rec = ref > 0 ? heap_at(ref) : 0;

	if (rec)
		rec->flags = BPFDB_RECORD_TOMBSTONE;
	return ref;
}

/* Writes in[off..off+len) into the version's value from byte `at` on. */
__noinline int kv_fill(struct scratch *s, __u64 ref, __u32 at, __u32 off, __u32 len)
{
	struct record *rec = heap_at(ref);

	if (!s || !rec || at > BPFDB_MAX_VALUE || len > BPFDB_MAX_VALUE)
		return -EINVAL;
	off &= BPFDB_IN_MASK;
	/* Word moves overshoot; behind an odd start that could leave the block. */
	if (at & 7)
		bpf_probe_read_kernel(record_value(s, rec) + at, len, s->in + off);
	else
		copy_bytes(record_value(s, rec) + at, s->in + off, len);
	return 0;
}

static __always_inline void kv_drop(__u64 ref)
{
	record_free(ref);
}

#endif
