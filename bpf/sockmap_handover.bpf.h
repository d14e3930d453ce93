/* SPDX-License-Identifier: GPL-2.0 */
/* sockmap_handover.bpf.h - user space takes a connection, gives it back, lets it go. */

/* User space owns the file descriptor from here on. */
SEC("syscall")
int bpfdb_conn_accept(struct conn_args *args)
{
	__u64 cookie = args->cookie;
	struct conn *c = bpf_map_lookup_elem(&bpfdb_conns, &cookie);

	args->result = -ENOENT;
	if (!c)
		return 0;
	c->flags |= BPFDB_CONN_ACCEPTED;
	args->flags = c->flags;
	args->gate = READ_ONCE(c->gate);
	args->result = 0;
	return 0;
}

/*
 * -EAGAIN while replies are on their way to the send queue. Then, behind a closed gate, moves
 * the carry to the area's in[0..in_len); args->gate tells how many bytes were passed up. Closes
 * the gate of a local connection itself: -EAGAIN while the client is inside.
 */
SEC("syscall")
int bpfdb_conn_take(struct conn_args *args)
{
	__u64 cookie = args->cookie;
	struct conn *c = bpf_map_lookup_elem(&bpfdb_conns, &cookie);
	struct scratch *s = scratch_at(args->scratch);

	args->result = -ENOENT;
	if (!c || !s)
		return 0;
	if (c->flags & BPFDB_CONN_LOCAL)
		__sync_fetch_and_or(&c->gate, GATE_CLOSED);
	args->gate = READ_ONCE(c->gate);
	args->flags = c->flags;
	args->result = 0;
	s->in_pos = 0;
	s->in_len = 0;
	s->out_len = 0;
	if (c->first_reply || args->gate & GATE_BUSY) {
		args->result = -EAGAIN;
		return 0;
	}
	if (!(args->gate & GATE_CLOSED))
		return 0;
	s->in_len = c->carry ? c->carry_len : 0;
	if (carry_load(c, s))
		args->result = -EINVAL;
	else
		carry_free(c);
	return 0;
}

/*
 * Opens the gate if nothing was passed up since args->gate. The client of a local connection finds
 * out itself whether there is something on its way.
 */
SEC("syscall")
int bpfdb_conn_give(struct conn_args *args)
{
	__u64 cookie = args->cookie, want = args->gate, old;
	struct conn *c = bpf_map_lookup_elem(&bpfdb_conns, &cookie);

	args->result = -ENOENT;
	if (!c)
		return 0;
	if (c->flags & BPFDB_CONN_LOCAL) {
		c->client_seq = (c->isns >> 32) + 1 + (want >> 1);
		c->server_seq = c->isns + 1 + args->sent;
		want = GATE_CLOSED;
	}
	old = __sync_val_compare_and_swap(&c->gate, want, want & ~GATE_CLOSED);
	args->result = old == want ? 0 : -EAGAIN;
	args->gate = old;
	return 0;
}

/* Frees everything the connection holds. A socket of the sockmap path must be closed already. */
SEC("syscall")
int bpfdb_conn_drop(struct conn_args *args)
{
	__u64 cookie = args->cookie;
	struct conn *c = bpf_map_lookup_elem(&bpfdb_conns, &cookie);

	args->result = c ? 0 : -ENOENT;
	if (c)
		conn_drop(c);
	return 0;
}

/* Sets the RESP version that replies to the connection use. */
SEC("syscall")
int bpfdb_conn_protocol(struct conn_args *args)
{
	__u64 cookie = args->cookie;
	struct conn *c = bpf_map_lookup_elem(&bpfdb_conns, &cookie);

	args->result = c ? 0 : -ENOENT;
	if (c)
		c->protocol = args->flags;
	return 0;
}
