/* SPDX-License-Identifier: GPL-2.0 */
/*
 * procedure_frame.bpf.h - what all stored procedures share: reads, writes, ways to end.
 *
 * A procedure is a global function
 *
 *	__noinline int procedure_x(struct scratch *s)
 *
 * that checks its arguments, reads, decides, writes and appends one reply. It returns 0;
 * what procedure_abort or procedure_refuse return; or a negative errno that one of the
 * functions here answered, which may run it again from its start. One that can answer null
 * also takes the connection, struct conn *c, NULL when none calls; an argument that is not
 * used would be left undefined by the compiler, and the verifier refuses that.
 *
 *   int procedure_read(s)            reads the key built: 1, 0 = no such key, or -errno; its value
 *                                    is found_text(s)[0..s->found.value_len) until the next read
 *   int procedure_read_number(s)     the same into s->number, which is 0 for no such key
 *   int procedure_key(s)             only stages the key built
 *   int procedure_write(s)           the value built, under the key last read or staged
 *   int procedure_write_number(s, n)
 *   int procedure_remove(s)          removes the key last read or staged
 *
 * Writes are set aside and join the transaction when the procedure has returned 0, all or
 * none: it cannot leave half its work in a transaction that goes on. It therefore does not
 * see its own writes, and of two to one key the later stays.
 *
 * The kernel allows 8 nested calls. A program and procedure_call are two of them, and
 * procedure_write needs 5: what a procedure itself calls around these must be inlined.
 */
#ifndef PROCEDURE_FRAME_BPF_H
#define PROCEDURE_FRAME_BPF_H

#include "procedure_build.bpf.h"

#define PROCEDURE_REFUSED 1 /* no errno: an error reply was appended, and nothing may happen */

/*
 * The procedure decides that nothing is to happen. What it read is still validated: the
 * client hears of a decision only if the reads it rests on were of one state.
 */
#define procedure_abort(s, reason)                      \
	({                                              \
		reply_text(s, "-ABORT " reason "\r\n"); \
		PROCEDURE_REFUSED;                      \
	})

/* An argument is not of the form it must have. */
#define procedure_refuse(s, reason)                   \
	({                                            \
		reply_text(s, "-ERR " reason "\r\n"); \
		PROCEDURE_REFUSED;                    \
	})

static __always_inline int procedure_integer(struct scratch *s, __s64 value)
{
	s->number = value;
	reply_number(s, ':', value);
	return 0;
}

/* Where the value last read is: behind the replies. */
static __always_inline __u8 *found_text(struct scratch *s)
{
	return reply_end(s);
}

__noinline int procedure_key(struct scratch *s)
{
	return s ? key_copy(s, s->built, s->built_len) : -EINVAL;
}

__noinline int procedure_read(struct scratch *s)
{
	int err;

	if (!s)
		return -EINVAL;
	err = key_copy(s, s->built, s->built_len);
	if (err)
		return err;
	for (__u32 i = unknown_zero(); i < COMMAND_MAX_TRIES && CAN_LOOP; i++) {
		err = store_find(s); /* inlined: calls are at their depth already */
		if (!err)
			err = kv_fetch(s, s->out_len);
		if (err != -EAGAIN)
			break;
	}
	if (err)
		return err;
	return kv_exists(s) ? 1 : 0;
}

/* -EBADMSG when the value is no integer. */
static __always_inline int procedure_read_number(struct scratch *s)
{
	int found = procedure_read(s);

	if (found > 0)
		return number_read(s, 1, s->out_len, s->found.value_len) ? -EBADMSG : 1;
	s->number = 0;
	return found;
}

static __always_inline struct pending_write *pending_at(struct scratch *s, __u32 i)
{
	opaque(i);
	return &s->pending[i & (BPFDB_MAX_PROCEDURE_WRITES - 1)];
}

/* Sets a version of the staged key aside; on an error the version is given back. */
static __always_inline int pending_add(struct scratch *s, __u64 ref)
{
	__u32 n = s->pending_len;

	if (n >= BPFDB_MAX_PROCEDURE_WRITES) {
		record_free(ref);
		return -E2BIG;
	}
	pending_at(s, n)->ref = ref;
	pending_at(s, n)->hash = s->key.hash;
	s->pending_len = n + 1;
	return 0;
}

__noinline int procedure_write(struct scratch *s)
{
	struct record *rec;
	__s64 ref;

	if (!s)
		return -EINVAL;
	ref = kv_prepare(s, s->built_len);
	if (ref < 0)
		return ref;
	rec = heap_at(ref);
	if (!rec)
		return -EINVAL;
	copy_bytes(record_value(s, rec), s->built, s->built_len);
	return pending_add(s, ref);
}

static __always_inline int procedure_write_number(struct scratch *s, __s64 value)
{
	build_nothing(s);
	build_number(s, value);
	return procedure_write(s);
}

__noinline int procedure_remove(struct scratch *s)
{
	__s64 ref;

	if (!s)
		return -EINVAL;
	ref = tombstone_prepare(s);
	return ref < 0 ? ref : pending_add(s, ref);
}

/* Appends the value of the key built as a bulk string, or null. 0 or a negative errno. */
static __always_inline int procedure_reply_value(struct scratch *s, struct conn *c)
{
	int err = procedure_key(s);

	return err ? err : read_value(s, c);
}

/* Makes the value last read, of exactly len bytes, the value being built; else -EBADMSG. */
static __always_inline int build_found(struct scratch *s, __u32 len)
{
	if (s->found.value_len != len)
		return -EBADMSG;
	copy_bytes(s->built, found_text(s), len);
	s->built_len = len;
	return 0;
}

/* Moves the writes set aside into the transaction. 0, or -E2BIG: it can only fail now. */
__noinline int pending_apply(struct scratch *s)
{
	int err = 0;

	if (!s)
		return -EINVAL;
	for (__u32 i = 0; i < s->pending_len && CAN_LOOP; i = forget(s, i + 1)) {
		__u64 ref = pending_at(s, i)->ref;

		if (!err) {
			key_restage(s, ref, pending_at(s, i)->hash);
			err = txn_find_own(s);
			if (err >= 0)
				err = txn_add_write(s, ref);
		}
		if (err)
			record_free(ref);
	}
	s->pending_len = 0;
	return err;
}

/* Gives the writes set aside back. */
__noinline int pending_drop(struct scratch *s)
{
	if (!s)
		return -EINVAL;
	for (__u32 i = 0; i < s->pending_len && CAN_LOOP; i = forget(s, i + 1))
		record_free(pending_at(s, i)->ref);
	s->pending_len = 0;
	return 0;
}

#endif
