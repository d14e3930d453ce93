/* SPDX-License-Identifier: GPL-2.0 */
/*
 * local.bpf.h - the local path: finds the client's socket when it is on this host too.
 *
 * An ephemeral port is no identity: another namespace, address translation or another server may
 * use the same addresses and ports. What both ends of a connection know and nobody else
 * does are the two initial sequence numbers, 64 bits that the kernel keyed with secrets.
 * With the mirrored addresses and ports they make the key of a pair, whatever the namespaces:
 *
 *  1. our listener receives a SYN and has chosen its number: the key enters bpfdb_syns;
 *  2. a client is established and finds its key there: it enters the socket map and bpfdb_pairs;
 *     nobody else's connection is ever touched;
 *  3. our end is established and finds the pair: it writes its cookie there;
 *  4. the client sends and finds the cookie: it remembers it, the pair has done its work.
 *
 * What a client sends before step 3, or before user space has accepted the connection and opened
 * its gate, goes over TCP.
 */
#ifndef LOCAL_BPF_H
#define LOCAL_BPF_H

#include "conn.bpf.h"
#include "tcp.bpf.h"

#define AF_INET 2
#define SERVER_NONE (~0ULL) /* the client is nobody's */

/* Cookie of our listening socket. */
const volatile __u64 listener_cookie;

struct pair_key {
	__u64 isns; /* client's above, server's below */
	__u32 client_ip[4]; /* IPv4 as ::ffff:a.b.c.d */
	__u32 server_ip[4];
	__u16 client_port;
	__u16 server_port;
	__u32 _pad;
};

/* What one end of a connection tells the other. */
struct pair {
	__u64 server; /* cookie of our end, 0 = not established yet */
	__u64 client; /* cookie and address of the client's socket */
	__u64 client_sock;
};

/* What a client's socket carries. */
struct local {
	struct pair_key key;
	__u64 self; /* its own cookie: key in bpfdb_clients */
	__u64 server; /* cookie of our end: key in bpfdb_conns; 0 = not known yet */
	__u32 queued; /* memory that unread replies take, at most */
	__u32 again; /* the rest of a message comes back to the program */
};

/* Handshakes under way; a flood of SYNs pushes out the oldest, whose clients then use TCP. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096); /* set by the loader */
	__type(key, struct pair_key);
	__type(value, __u8);
} bpfdb_syns SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096); /* set by the loader */
	__type(key, struct pair_key);
	__type(value, struct pair);
} bpfdb_pairs SEC(".maps");

/* Clients' sockets by their cookies. */
struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, 4096); /* set by the loader */
	__type(key, __u64);
	__type(value, __u64);
} bpfdb_clients SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct local);
} bpfdb_local SEC(".maps");

/*
 * Reads an address of the context, `side` being local or remote. All fields are read before one is chosen:
 * the compiler would merge the choices into one access at a variable offset, which the
 * verifier forbids in a context.
 */
#define read_address(skops, side, family, ip)                                  \
	({                                                                     \
		__u32 v4 = (skops)->side##_ip4, v6_0 = (skops)->side##_ip6[0]; \
		__u32 v6_1 = (skops)->side##_ip6[1];                           \
		__u32 v6_2 = (skops)->side##_ip6[2];                           \
		__u32 v6_3 = (skops)->side##_ip6[3];                           \
		opaque(v4);                                                    \
		opaque(v6_0);                                                  \
		opaque(v6_1);                                                  \
		opaque(v6_2);                                                  \
		opaque(v6_3);                                                  \
		(ip)[0] = (family) == AF_INET ? 0 : v6_0;                      \
		(ip)[1] = (family) == AF_INET ? 0 : v6_1;                      \
		(ip)[2] = (family) == AF_INET ? bpf_htonl(0xffff) : v6_2;      \
		(ip)[3] = (family) == AF_INET ? v4 : v6_3;                     \
	})

/* The key as our end sees it; k must be zeroed. */
static __always_inline void key_of_server(struct bpf_sock_ops *skops, struct pair_key *k,
					  __u32 family, __u32 client_isn, __u32 server_isn)
{
	k->isns = (__u64)client_isn << 32 | server_isn;
	read_address(skops, remote, family, k->client_ip);
	read_address(skops, local, family, k->server_ip);
	k->client_port = bpf_ntohl(skops->remote_port);
	k->server_port = skops->local_port;
}

/* The key as the client sees it; k must be zeroed. */
static __always_inline void key_of_client(struct bpf_sock_ops *skops, struct pair_key *k)
{
	__u32 family = skops->family;

	k->isns = (__u64)(skops->snd_nxt - 1) << 32 | (__u32)(skops->rcv_nxt - 1);
	read_address(skops, local, family, k->client_ip);
	read_address(skops, remote, family, k->server_ip);
	k->client_port = skops->local_port;
	k->server_port = bpf_ntohl(skops->remote_port);
}

/* Step 1. The context's socket is a request: not a whole socket, so the helpers take none. */
static __always_inline void local_syn(struct bpf_sock_ops *skops)
{
	struct bpf_sock_ops_kern *kern = bpf_cast_to_kern_ctx(skops);
	struct tcp_request_sock *treq = kernel_cast(kern->sk, struct tcp_request_sock);
	struct request_sock *req = &treq->req.req;
	struct sock *listener = kernel_cast(req->__req_common.skc_listener, struct sock);
	struct pair_key k = {};
	__u8 yes = 1;

	if ((__u64)listener->__sk_common.skc_cookie.counter != listener_cookie)
		return;
	key_of_server(skops, &k, req->rsk_ops->family, treq->rcv_isn, treq->snt_isn);
	bpf_map_update_elem(&bpfdb_syns, &k, &yes, BPF_ANY);
}

/* Step 2. A socket may connect for the second time: what it carries from the first is void. */
static __always_inline void local_client(struct bpf_sock_ops *skops, struct bpf_sock *sk)
{
	struct pair_key k = {};
	struct pair p = {};
	struct local *l;
	__u64 cookie;

	bpf_sk_storage_delete(&bpfdb_local, sk);
	key_of_client(skops, &k);
	if (!bpf_map_lookup_elem(&bpfdb_syns, &k))
		return;
	bpf_map_delete_elem(&bpfdb_syns, &k);
	l = bpf_sk_storage_get(&bpfdb_local, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!l)
		return;
	cookie = bpf_get_socket_cookie(skops);
	l->key = k;
	l->self = cookie;
	l->server = SERVER_NONE;
	l->queued = 0;
	l->again = 0;
	if (bpf_sock_hash_update(skops, &bpfdb_clients, &cookie, BPF_ANY))
		return;
	bpf_sock_ops_cb_flags_set(skops, BPF_SOCK_OPS_STATE_CB_FLAG);
	p.client = cookie;
	p.client_sock = (__u64)bpf_skc_to_tcp_sock(sk);
	if (!bpf_map_update_elem(&bpfdb_pairs, &k, &p, BPF_NOEXIST))
		l->server = 0;
}

/* A client that closes before it sent anything leaves its pair behind. */
static __always_inline void local_client_gone(struct bpf_sock *sk)
{
	struct local *l = bpf_sk_storage_get(&bpfdb_local, sk, 0, 0);

	if (l && !l->server)
		bpf_map_delete_elem(&bpfdb_pairs, &l->key);
}

/* Step 3. 0 when the client is on this host, and the connection entered bpfdb_conns. */
static __always_inline int local_server(struct bpf_sock_ops *skops, struct bpf_sock *sk,
					__u64 cookie)
{
	struct conn c = {.protocol = 2, .flags = BPFDB_CONN_LOCAL, .gate = GATE_CLOSED | GATE_DEAD};
	struct pair_key k = {};
	struct conn *entry;
	struct pair *p;

	key_of_server(skops, &k, skops->family, skops->rcv_nxt - 1, skops->snd_nxt - 1);
	p = bpf_map_lookup_elem(&bpfdb_pairs, &k);
	if (!p)
		return -ENOENT;
	c.cookie = cookie;
	c.client = p->client;
	c.client_sock = p->client_sock;
	c.server_sock = (__u64)bpf_skc_to_tcp_sock(sk);
	c.isns = k.isns;
	if (bpf_map_update_elem(&bpfdb_conns, &cookie, &c, BPF_NOEXIST))
		return -ENOENT;
	entry = bpf_map_lookup_elem(&bpfdb_conns, &cookie);
	if (!entry)
		return -ENOENT;
	/* All of the entry is written: only now may it be entered, and its cookie become known. */
	__sync_fetch_and_and(&entry->gate, ~GATE_DEAD);
	WRITE_ONCE(p->server, cookie);
	return 0;
}

/* Step 4. True when the other end is not known. */
static __always_inline int local_unpaired(struct local *l)
{
	struct pair *p;

	if (l->server)
		return l->server == SERVER_NONE;
	p = bpf_map_lookup_elem(&bpfdb_pairs, &l->key);
	l->server = p ? READ_ONCE(p->server) : SERVER_NONE;
	if (p && l->server)
		bpf_map_delete_elem(&bpfdb_pairs, &l->key);
	return !l->server || !p;
}

#endif
