/* SPDX-License-Identifier: GPL-2.0 */
/*
 * command.bpf.h - the command table: name, arity, function.
 *
 * A command function executes the request in s->argv and returns SERVE_DONE, with its
 * reply appended, or the status serve() has to stop with, with nothing done. What is not
 * in the table is for user space. MULTI only looks a request up: COMMAND_KNOWN.
 *
 * The kernel allows 8 nested calls: a program, serve() and a command are 3 of them, and
 * the store needs 5. So a command calls the store's operators itself: what it shares with
 * other commands around them is inlined.
 */
#ifndef COMMAND_BPF_H
#define COMMAND_BPF_H

#include "command_connection.bpf.h"
#include "command_counter.bpf.h"
#include "command_key.bpf.h"
#include "command_multi.bpf.h"
#include "command_read.bpf.h"
#include "command_set_options.bpf.h"
#include "command_txn.bpf.h"
#include "command_write.bpf.h"
#include "procedure.bpf.h"

/* Arity as in Redis: the name counts, a minimum is negative. */
#define COMMAND(name, arity, run)                                          \
	case name:                                                         \
		if ((arity) < 0 ? s->argc < -(arity) : s->argc != (arity)) \
			return reply_arity(s);                             \
		return look_up ? COMMAND_KNOWN : run

/* A command that may change something, or must not be run twice. */
#define COMMAND_WRITE(name, arity, run) COMMAND(name, arity, s->deferring ? SERVE_SYNC : (run))

static __always_inline int command_run(struct scratch *s, struct conn *c, int look_up)
{
	switch (argument_name(s, 0)) {
		COMMAND(NAME('G', 'E', 'T', 0, 0, 0), 2, command_get(s, c));
		COMMAND_WRITE(NAME('S', 'E', 'T', 0, 0, 0), -3,
			      s->argc == 3 ? command_set(s) : command_set_options(s, c));
		COMMAND_WRITE(NAME('D', 'E', 'L', 0, 0, 0), -2, command_del(s, c));
		COMMAND_WRITE(NAME('I', 'N', 'C', 'R', 0, 0), 2, command_add(s, 1));
		COMMAND_WRITE(NAME('D', 'E', 'C', 'R', 0, 0), 2, command_add(s, -1));
		COMMAND_WRITE(NAME('I', 'N', 'C', 'R', 'B', 'Y'), 3, command_incrby(s));
		COMMAND_WRITE(NAME('D', 'E', 'C', 'R', 'B', 'Y'), 3, command_decrby(s));
		COMMAND(NAME('M', 'G', 'E', 'T', 0, 0), -2, command_mget(s, c));
		COMMAND_WRITE(NAME('M', 'S', 'E', 'T', 0, 0), -3, command_mset(s, c));
		COMMAND_WRITE(NAME('C', 'A', 'L', 'L', 0, 0), -2, command_call(s, c));
		COMMAND_WRITE(NAME('A', 'P', 'P', 'E', 'N', 'D'), 3, command_append(s));
		COMMAND(NAME('S', 'T', 'R', 'L', 'E', 'N'), 2, command_strlen(s));
		COMMAND(NAME('E', 'X', 'I', 'S', 'T', 'S'), -2, command_exists(s, c));
		COMMAND(NAME('D', 'B', 'S', 'I', 'Z', 'E'), 1, command_dbsize(s, c));
		COMMAND(NAME('P', 'I', 'N', 'G', 0, 0), -1, command_ping(s));
		COMMAND(NAME('E', 'C', 'H', 'O', 0, 0), 2, command_echo(s));
		COMMAND(NAME('S', 'E', 'L', 'E', 'C', 'T'), 2, command_select(s));
		COMMAND(NAME('B', 'E', 'G', 'I', 'N', 0), -1, command_begin(s, c));
		COMMAND_WRITE(NAME('C', 'O', 'M', 'M', 'I', 'T'), 1, command_commit(s, c));
		COMMAND(NAME('A', 'B', 'O', 'R', 'T', 0), 1, command_abort(s, c));
		COMMAND(NAME('M', 'U', 'L', 'T', 'I', 0), 1, command_multi(s, c));
		COMMAND(NAME('E', 'X', 'E', 'C', 0, 0), -1, command_exec(s, c));
		COMMAND(NAME_DISCARD, 1, command_discard(s));
		COMMAND_WRITE(NAME('W', 'A', 'T', 'C', 'H', 0), -2, command_watch(s, c));
		COMMAND(NAME_UNWATCH, 1, command_unwatch(s, c));
	}
	return SERVE_USER;
}

#endif
