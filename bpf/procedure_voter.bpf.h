/* SPDX-License-Identifier: GPL-2.0 */
/*
 * procedure_voter.bpf.h - Voter, the phone-in vote of a talent show (VoltDB's example; BenchBase).
 *
 *   v:c:<contestant>          name of a contestant
 *   v:a:<area code>           state of an area code, the first 3 digits of a phone: 2 letters
 *   v:p:<phone>               votes of a phone
 *   v:t:<contestant>:<state>  votes for a contestant from a state
 *   v:v:<vote id>             "<phone>,<state>,<contestant>"
 *
 * Of each accepted vote there is one v:v, and one in the sums of v:p and of v:t; no v:p is
 * above the limit. An area code that is not known counts as state XX.
 */
#ifndef PROCEDURE_VOTER_BPF_H
#define PROCEDURE_VOTER_BPF_H

#include "procedure_frame.bpf.h"

enum vote_argument {
	VOTE_ID,
	VOTE_PHONE,
	VOTE_CONTESTANT,
	VOTE_LIMIT,
};

struct vote_state {
	__u64 letters; /* as they lie in memory */
	__u32 len; /* at most 8 */
};

/* The state of a phone's area code. 0 or a negative errno. */
static __always_inline int vote_find_state(struct scratch *s, struct vote_state *state)
{
	int found;

	build_prefix(s, "v:a:");
	build_word(s, *(__u64 *)argument_text(s, VOTE_PHONE), 3);
	found = procedure_read(s);
	if (found < 0)
		return found;
	state->letters = found ? *(__u64 *)found_text(s) : 'X' | 'X' << 8;
	state->len = found ? s->found.value_len : 2;
	return state->len > sizeof(state->letters) ? -EBADMSG : 0;
}

/* Counts the vote for its contestant and state. */
static __always_inline int vote_count(struct scratch *s, struct vote_state *state)
{
	int err;

	build_prefix(s, "v:t:");
	build_argument(s, VOTE_CONTESTANT);
	build_byte(s, ':');
	build_word(s, state->letters, state->len);
	err = procedure_read_number(s);
	return err < 0 ? err : procedure_write_number(s, s->number + 1);
}

static __always_inline int vote_record(struct scratch *s, struct vote_state *state)
{
	int err;

	build_prefix(s, "v:v:");
	build_argument(s, VOTE_ID);
	err = procedure_key(s);
	if (err)
		return err;
	build_nothing(s);
	build_argument(s, VOTE_PHONE);
	build_byte(s, ',');
	build_word(s, state->letters, state->len);
	build_byte(s, ',');
	build_argument(s, VOTE_CONTESTANT);
	return procedure_write(s);
}

/* vote <vote id> <phone> <contestant> <votes a phone may have>: 0 */
__noinline int procedure_vote(struct scratch *s)
{
	struct vote_state state = {};
	__s64 limit;
	int err;

	if (!s)
		return -EINVAL;
	if (!argument_digits(s, VOTE_ID, 1, BUILD_MAX_DIGITS))
		return procedure_refuse(s, "vote id must be 1 to 20 digits");
	if (!argument_digits(s, VOTE_PHONE, 10, 10))
		return procedure_refuse(s, "phone must be 10 digits");
	if (!argument_digits(s, VOTE_CONTESTANT, 1, BUILD_MAX_DIGITS))
		return procedure_refuse(s, "contestant must be 1 to 20 digits");
	if (argument_integer(s, VOTE_LIMIT))
		return procedure_refuse(s, "vote limit must be an integer");
	limit = s->number;
	build_prefix(s, "v:c:");
	build_argument(s, VOTE_CONTESTANT);
	err = procedure_read(s);
	if (err <= 0)
		return err ? err : procedure_abort(s, "invalid contestant");
	build_prefix(s, "v:p:");
	build_argument(s, VOTE_PHONE);
	err = procedure_read_number(s);
	if (err < 0)
		return err;
	if (s->number >= limit)
		return procedure_abort(s, "vote limit reached");
	err = procedure_write_number(s, s->number + 1);
	if (!err)
		err = vote_find_state(s, &state);
	if (!err)
		err = vote_count(s, &state);
	if (!err)
		err = vote_record(s, &state);
	return err ? err : procedure_integer(s, 0);
}

#endif
