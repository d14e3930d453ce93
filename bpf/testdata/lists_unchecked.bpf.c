//go:build ignore
/* SPDX-License-Identifier: GPL-2.0 */
/* lists_unchecked.bpf.c - the same without validation, which the check must notice. */

#define BPFDB_TEST_NO_VALIDATE
#include "lists.bpf.c"
