/* SPDX-License-Identifier: GPL-2.0 */
/* kernel.bpf.h - what every program needs of the kernel: helpers, errno, loops, memory order. */
#ifndef KERNEL_BPF_H
#define KERNEL_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#include "bpfdb.h"

#define ENOENT 2
#define EIO 5
#define E2BIG 7
#define EAGAIN 11
#define ENOMEM 12
#define EBUSY 16
#define EINVAL 22
#define EFBIG 27
#define ENOSPC 28
#define EROFS 30
#define ERANGE 34
#define EXFULL 54
#define EBADMSG 74
#define ENOBUFS 105
#define ESTALE 116
#define ECANCELED 125

/* Verdicts of tcx programs, as in enum tcx_action_base. */
#define TCX_NEXT (-1)
#define TCX_PASS 0
#define TCX_DROP 2

#define READ_ONCE(x) (*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile typeof(x) *)&(x) = (v))

/*
 * On x86-64 loads are not reordered with loads, nor stores with stores: a compiler
 * barrier is enough for the sequence locks here. Other machines need load-acquire and
 * store-release instructions (6.15, LLVM 20) and are refused by the loader.
 */
#define barrier() asm volatile("" ::: "memory")

/* Keeps the compiler from undoing a bounds check by recomputing the value it checked. */
#define opaque(x) asm volatile("" : "+r"(x))

/*
 * Is n, unsigned, from least to most? The compiler would make one comparison of it, of n - least, from which the
 * verifier of 6.12 learns nothing about n.
 */
#define in_range(n, least, most)             \
	({                                   \
		int yes = 0;                 \
		if ((n) >= (least)) {        \
			opaque(n);           \
			yes = (n) <= (most); \
		}                            \
		yes;                         \
	})

/*
 * v6.9: may_goto. CAN_LOOP is true until a per-run budget of 8 M iterations is used up;
 * it spares the verifier a walk of every iteration. Every loop keeps its own bound too.
 */
#define CAN_LOOP                                                   \
	({                                                         \
		__label__ out, done;                               \
		int more = 1;                                      \
		asm volatile goto("may_goto %l[out]" : : : : out); \
		goto done;                                         \
out:                                                               \
		more = 0;                                          \
done:                                                              \
		more;                                              \
	})

/*
 * Where a CAN_LOOP counter starts. From a known 0 the verifier would tell every iteration
 * apart and walk them all; from a value read from memory one walk covers them.
 */
static volatile __u32 always_zero;

static __always_inline __u32 unknown_zero(void)
{
	return always_zero;
}

/*
 * The next i of a loop that uses it as an index. The compiler would compare the i before with the bound less one
 * instead; the verifier then learns nothing about the new one, and that of 6.12 walks all iterations.
 */
#define STEP(i)            \
	({                 \
		(i)++;     \
		opaque(i); \
	})

#endif
