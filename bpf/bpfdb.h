/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bpfdb.h - every structure and limit that eBPF programs and user space share, but for
 * calls.h, the contexts of calls, and wire.h, what only the wire path has.
 *
 * This is the single definition: the Go types are generated from it by bpf2go, so a
 * layout is never restated by hand. Sizes are in bytes unless the name says otherwise.
 */
#ifndef BPFDB_H
#define BPFDB_H

/* ---- limits a user can meet -------------------------------------------------- */

#define BPFDB_MAX_KEY 512 /* longest key */
#define BPFDB_KEY_WORDS (BPFDB_MAX_KEY / 8)
#define BPFDB_MAX_VALUE 65536 /* longest value */
#define BPFDB_MAX_ARGS 1024 /* arguments of one request, the command name included */
#define BPFDB_MAX_REQUEST (1 << 20) /* bytes of one request */
#define BPFDB_MAX_TXN_READS 1024 /* keys one transaction may read */
#define BPFDB_MAX_TXN_WRITES 1024 /* keys one transaction may write */
#define BPFDB_MAX_TXNS 256 /* transactions open at once */
/* Of these, interactive ones; the rest are kept for commands of several keys, which need one for one run. */
#define BPFDB_MAX_INTERACTIVE 192
#define BPFDB_MAX_PROCEDURE_WRITES 256 /* keys one call of a stored procedure may write */
/* Requests queued by MULTI: their bytes, of which one of the largest SET needs most, and their number. */
#define BPFDB_MAX_QUEUE 67584
#define BPFDB_MAX_QUEUED 1024

/* ---- heap: blocks in segments ------------------------------------------------ */

/*
 * A ref names a block: its byte address in the heap divided by 16. 36 bits reach 1 TiB.
 * 0 names nothing. A segment is one ARRAY map value of 64 MiB; a block never straddles two.
 */
#define BPFDB_UNIT 16
#define BPFDB_REF_BITS 36
#define BPFDB_REF_MASK ((1ULL << BPFDB_REF_BITS) - 1)
#define BPFDB_SEGMENT_SHIFT 26
#define BPFDB_SEGMENT_SIZE (1 << BPFDB_SEGMENT_SHIFT)
#define BPFDB_SEGMENT_UNITS (BPFDB_SEGMENT_SIZE / BPFDB_UNIT)
#define BPFDB_MAX_SEGMENTS (1 << 14)
/* Slack behind a segment, so that the verifier can bound an access at any masked offset. */
#define BPFDB_SEGMENT_TAIL ((1 << 17) + 4096)

/*
 * Block sizes: 16-byte steps to 512 bytes, then 8 steps per doubling up to the largest
 * record (64 KiB value, 512-byte key, header). BPFDB_CLASSES counts them.
 */
#define BPFDB_CLASSES 96
#define BPFDB_MAX_BLOCK 73728
/* Free lists are sharded by CPU to keep cache lines apart; correctness does not need it. */
#define BPFDB_MAX_SHARDS 64

/* ---- index: linear hashing over 64-byte buckets ------------------------------ */

#define BPFDB_BUCKET_SLOTS 7
#define BPFDB_INDEX_SEGMENT_SHIFT 16 /* buckets in one index segment of 4 MiB */
#define BPFDB_INDEX_SEGMENT_BUCKETS (1 << BPFDB_INDEX_SEGMENT_SHIFT)
#define BPFDB_MAX_INDEX_SEGMENTS (1 << 14)
#define BPFDB_MAX_CHAIN 8 /* overflow buckets behind one home bucket */
#define BPFDB_MAX_TRIES 1024 /* looks at a locked or changing bucket before giving up */

/*
 * A bucket is one cache line. word: bits 16..63 version, bits 1..15 lock owner (0 = free),
 * bit 0 set when slot[6] links an overflow bucket. Every change of the bucket, or of a
 * record it points to, happens under its lock and raises the version, so an unchanged
 * unlocked word proves that a reader saw one state (a sequence lock).
 * A slot is a 28-bit tag (hash bits 16..43) above a 36-bit ref; 0 = empty. Keeping hash
 * bits in the slot lets a split move entries without touching their records.
 */
struct bucket {
	__u64 word;
	__u64 slot[BPFDB_BUCKET_SLOTS];
};

/* ---- record: one version of one key ------------------------------------------ */

#define BPFDB_RECORD_TOMBSTONE 1 /* flags: this version deletes the key */
/* flags: flushed, and only still there for a snapshot; like a tombstone it counts as a version, not as a key */
#define BPFDB_RECORD_FLUSHED 2

/*
 * data holds the key, zero-padded to 8 bytes, then the value. older links the version this
 * one replaced while a snapshot may still need it (0 = none), and the next free block
 * while the block is on a free list. commit_ts is 0 until the version is published.
 */
struct record {
	__u64 older;
	__u64 commit_ts;
	__u32 value_len;
	__u16 key_len;
	__u8 cls; /* block size class, for freeing */
	__u8 flags;
	__u8 data[];
};

/* ---- control: the engine's global words, one cache line each ------------------ */

struct control {
	__u64 clock; /* last commit timestamp given out, also a log sequence number: see log.h */
	__u64 log_mask; /* lines of the log's ring - 1; 0 = there is no log */
	__u64 log_limit; /* highest LSN that may be given out; user space raises it as it empties the ring */
	__u64 log_failed; /* an errno: the log cannot be written any more; then log_limit is 0 */
	__u64 log_until; /* CLOCK_MONOTONIC: no commits from then on; user space puts it off. 0 = never */
	__u64 _pad0[3];
	__u64 durable; /* every commit up to this LSN is on disk; user space raises it */
	__u64 log_sync; /* replies wait for what they depend on to be durable */
	/* What user space has to know of a pinned store that it adopts: see engine/pin.go. */
	__u64 layout; /* a hash of these structures */
	__u64 log_tail; /* line at which the ring's first record that is not in the log begins */
	__u64 log_last; /* LSN of the last commit in the log */
	__u64 log_store[2]; /* the id of the log */
	__u64 log_lacks; /* the log lacks commits of the store: only a checkpoint makes it whole */
	__u64 pruning; /* a FLUSHALL has not freed everything yet */
	__u64 _pad7[7];
	__u64 index_state; /* bits 0..31 bucket count N, bits 32..39 level: 2^level <= N < 2^(level+1) */
	__u64 _pad1[7];
	__u64 heap_cursor; /* first unit never allocated */
	__u64 _pad2[7];
	__u64 heap_end; /* units that exist; user space adds segments and raises it */
	__u64 heap_max; /* units allowed by the memory limit */
	__u64 index_max; /* buckets allowed by it */
	__u64 _pad6;
	/*
	 * Versions with commit_ts <= flush_ts are gone: FLUSHALL in one store. It is ~0 while a
	 * FLUSHALL takes its timestamp, so that no writer can fall between the two.
	 */
	__u64 flush_ts;
	__u32 shard_mask; /* shards in use - 1 */
	__u32 scratch_count; /* scratch areas that programs claim; user space owns the others */
	__u64 _pad3[2];
	__u64 txn_free; /* free list of transactions: index+1 in bits 0..31, tag above */
	__u64 txn_timeout_ns; /* idle time after which an interactive transaction is aborted */
	__u32 interactive; /* interactive transactions open */
	__u32 _pad4[11];
	/*
	 * Writers look at the first two to decide whether a version they replace is still
	 * needed; version.bpf.h says how they and the snapshots stay in step.
	 */
	__u64 snapshots; /* open in bits 0..31; of these, still to take their timestamp above */
	__u64 snapshot_newest; /* highest timestamp any snapshot took; never lowered */
	__u64 marked; /* a region was marked since user space last looked: see bpfdb_marks */
	__u64 _pad5[5];
	__u64 snapshot[BPFDB_MAX_TXNS]; /* timestamp of each transaction's snapshot, 0 = none */
	__u64 hash_key[BPFDB_KEY_WORDS]; /* secret, for the hash of keys */
};

/*
 * Regions of buckets that hold versions only a snapshot needs are marked in a bitmap, one
 * bit for this many buckets, so that they are found again when the snapshot has ended.
 */
#define BPFDB_REGION_SHIFT 6

/* ---- counters ----------------------------------------------------------------- */

/* Shown by INFO and `bpfdb stat`; names in counters.go are generated from this enum. */
enum counter {
	COUNTER_COMMANDS, /* commands executed in the kernel */
	COUNTER_USER_COMMANDS, /* commands handed to user space by kind */
	COUNTER_FAST_BATCHES, /* program runs that answered without user space */
	COUNTER_GET_HITS,
	COUNTER_GET_MISSES,
	COUNTER_COMMITS, /* autocommit writes and transactions committed */
	COUNTER_CONFLICTS, /* transactions that failed validation */
	COUNTER_ABORTS,
	COUNTER_TIMEOUTS, /* interactive transactions aborted because their owner was idle */
	COUNTER_SNAPSHOTS, /* snapshots taken */
	COUNTER_PRUNED, /* versions freed after the last snapshot that needed them ended */
	COUNTER_READ_RETRIES, /* a reader met a changed or locked bucket */
	COUNTER_WRITE_RETRIES, /* a writer lost its bucket to another */
	COUNTER_BUSY, /* bounded retries ran out; the caller was asked to come back */
	COUNTER_OOM, /* a write was refused: memory limit reached */
	COUNTER_GROW, /* a write had to wait for a new segment */
	COUNTER_SPLITS, /* index buckets split */
	COUNTER_LOG_REFUSED, /* a commit was refused: the redo log was full, or has failed */
	COUNTER_FALLBACK_COMMAND, /* fast path gave way: command served by user space */
	COUNTER_FALLBACK_SIZE, /* ... request or reply larger than the path takes */
	COUNTER_FALLBACK_PROTOCOL, /* ... protocol error */
	COUNTER_FALLBACK_BUSY, /* ... contention */
	COUNTER_FALLBACK_GROW, /* ... memory had to grow */
	COUNTER_FALLBACK_LOG, /* ... the redo log was full */
	COUNTER_FALLBACK_SYNC, /* ... the reply must wait until what it depends on is durable */
	COUNTER_FALLBACK_SCRATCH, /* ... no scratch area free */
	COUNTER_FALLBACK_CARRY, /* ... no carry buffer free for a partial request */
	COUNTER_FALLBACK_BACKLOG, /* ... too many reply bytes outstanding */
	COUNTER_FALLBACK_SOCKET, /* ... the client's socket asks for what only TCP does */
	COUNTER_FALLBACK_UNREAD, /* ... replies of user space were not read yet */
	COUNTER_FALLBACK_GATE, /* bytes that followed an earlier fallback in order */
	COUNTER_DROP_REPLY, /* a reply could not be built or sent: connection aborted */
	COUNTER_DROP_EVENT, /* the event ring was full: connection aborted */
	COUNTER_CONNECTIONS, /* connections taken by a fast path */
	COUNTER_LOCAL_CONNECTIONS, /* ... of them by the local path */
	COUNTER_LOCAL_BATCHES, /* fast batches in the client's own send() */
	COUNTER_LOCAL_ANSWERS, /* replies of user space put into a client's receive queue */
	COUNTER_LOCAL_REQUESTS, /* requests for it put into a server's */
	COUNTER_WIRE_RESENT, /* wire: reply segments sent once more */
	COUNTER_WIRE_REFUSED, /* wire: packets dropped, for TCP to send again */
	COUNTER_NR,
};

/*
 * One shard of the allocator and of the counters. free_head: ref in bits 0..35, a tag above
 * that changes with every push and pop, so that a compare-and-swap cannot mistake a
 * reused head for the old one (ABA).
 */
struct shard {
	__u64 free_head[BPFDB_CLASSES];
	__s64 keys; /* sums over shards are the truth; one shard may be negative */
	__s64 used; /* bytes in live blocks */
	__s64 versions; /* versions kept for snapshots, tombstones included */
	__s64 overflow; /* overflow buckets linked */
	__u64 counters[COUNTER_NR];
} __attribute__((aligned(64)));

/* ---- connection ---------------------------------------------------------------- */

#define BPFDB_CONN_ACCEPTED 1 /* flags: user space owns the file descriptor */
#define BPFDB_CONN_ABORT 2 /* the byte stream is damaged: user space must reset the connection */
#define BPFDB_CONN_LOCAL 4 /* its client is on this host: served in the client's own send() */
#define BPFDB_CONN_WIRE 8 /* on the wire path: struct wire has its state, the gate is not used */

#define BPFDB_MULTI_OPEN 1 /* multi: requests are queued */
#define BPFDB_MULTI_FAILED 2 /* one could not be: EXEC will fail */

/*
 * State of one client connection on any path, keyed by socket cookie. gate: bit 0 set while
 * user space serves the connection; the bits above count the bytes passed up to it, so
 * that user space hands the connection back with one compare-and-swap that fails when
 * more arrived meanwhile. On the local path TCP's own sequence numbers do the counting, and the
 * two topmost bits are used, see conn.bpf.h.
 */
struct conn {
	__u64 cookie;
	__u64 gate;
	__u64 isns; /* local: initial sequence numbers of client and server, which prove a pair */
	__u32 first_reply; /* replies not yet in the TCP send queue, oldest first: buffer index + 1 */
	__u32 last_reply;
	__u32 reply_bytes; /* their bytes */
	__u32 txn; /* open transaction: index + 1, 0 = none */
	__u32 carry; /* buffer holding the start of a request: index + 1 */
	__u32 carry_len;
	__u8 protocol; /* RESP version, 2 or 3 */
	__u8 flags;
	__u16 done_args; /* DEL in a transaction that had to stop halfway: arguments done, ... */
	__u16 done_keys; /* ... and keys deleted so far */
	__u8 multi; /* BPFDB_MULTI_* */
	__u8 _pad;
	__u32 watch; /* transaction that has read the watched keys: index + 1 */
	__u32 queued; /* requests queued by MULTI */
	__u64 queue; /* heap block with their bytes, 0 = none */
	__u32 queue_len;
	__u32 queue_size; /* bytes asked for the block */
	__u32 client_seq; /* local, gate open: TCP sequence number behind what user space received, ... */
	__u32 server_seq; /* ... and behind what it sent, had all gone over TCP */
	__u64 client; /* local: cookie of the client's socket, */
	__u64 client_sock; /* addresses of both ends, for reading, */
	__u64 server_sock;
	__u32 requested; /* and the bytes that went past TCP to the server, */
	__u32 answered; /* and to the client */
};

/* ---- transaction ---------------------------------------------------------------- */

/* What a transaction depends on. The bucket unchanged proves it; if not, the version decides. */
struct txn_read {
	__u64 bucket; /* bucket id */
	__u64 word; /* its word when read: equal at commit = unchanged */
	__u64 hash; /* of the key */
	__u64 ref; /* version read, 0 = none there */
	__u64 commit_ts; /* its timestamp: no other version ever has the same two */
};

#define BPFDB_WRITE_LOCKED 1 /* flags: this write took the lock of its bucket */
#define BPFDB_WRITE_INSERTED 2 /* no version of its key was there: the slot is new */
#define BPFDB_WRITE_NOOP 4 /* deletes an absent key */
#define BPFDB_WRITE_REVIVED 8 /* its key was deleted, but a tombstone still there */
#define BPFDB_WRITE_KEPT 16 /* a snapshot needs the version it replaced */
#define BPFDB_WRITE_STAYS 32 /* a tombstone that must be seen, because of older versions */
#define BPFDB_WRITE_DELETES 64 /* a tombstone */

struct txn_write {
	__u64 ref; /* new version, or a tombstone; not reachable before commit */
	__u64 hash;
	__u64 bucket; /* commit: home bucket id */
	__u64 old; /* commit: ref replaced, 0 = the key was absent */
	__u64 slot; /* commit: block of the slot (0 = home bucket) << 3 | slot number */
	__u32 flags;
	__u32 _pad;
};

/* flags of txn_begin */
#define BPFDB_TXN_ONE_SHOT 0 /* begins and ends in one program run, reads the latest versions */
#define BPFDB_TXN_INTERACTIVE 1 /* outlives it: limited in number, aborted when idle too long */
#define BPFDB_TXN_READONLY 2 /* may not write; with a snapshot it never conflicts */
#define BPFDB_TXN_SNAPSHOT 4 /* reads as of its beginning */

/* Number of a connection's transaction after it was aborted for being idle. */
#define BPFDB_TXN_GONE 0xffffffffU

struct txn {
	__u64 token; /* 0 free, else what its owner chose: a socket cookie or a handle */
	__u32 next_free; /* index + 1 */
	__u32 busy; /* 1 while a program run works on it: see txn_enter */
	__u32 flags; /* BPFDB_TXN_* */
	__u32 doomed; /* an errno: an operation failed, so commit must */
	__u32 behind; /* it read a version that has been replaced: it may not write any more */
	__u32 reads_len;
	__u32 writes_len;
	__u32 log_bytes; /* commit: of the entries of its redo record */
	__u64 written; /* a bit per hash of a key written: one not set, and the key was not written */
	__u64 locked_max; /* commit: highest bucket locked */
	__u64 used_ns; /* when a program run last worked on it */
	__u64 snapshot; /* timestamp it reads at, 0 = reads the latest */
	__u64 flush_ts; /* control.flush_ts at the start; a FLUSHALL since is a conflict */
	struct txn_read reads[BPFDB_MAX_TXN_READS];
	struct txn_write writes[BPFDB_MAX_TXN_WRITES];
};

/* ---- scratch: the work area of one program run ----------------------------------- */

#define BPFDB_PREFETCH 16 /* keys whose memory is fetched ahead at a time */

/* The key of the current operation, zero-padded to whole words, and its hash. */
struct key {
	__u64 hash;
	__u32 len;
	__u32 _pad;
	__u64 words[BPFDB_KEY_WORDS];
};

#define FOUND_FLUSHED 1 /* stale: a FLUSHALL covers the version */
#define FOUND_UNCOUNTED                                                                  \
	2 /* stale: the version does not count as a key (a flushed one does at first) */

/* Where store_find found the current key, or where it may be put. */
struct found {
	__u64 bucket; /* home bucket id */
	__u64 word; /* its word: the version the answer holds for */
	__u64 flush_ts; /* control.flush_ts then: the answer holds while that is the same */
	__u64 ref; /* the record, 0 = absent */
	__u64 slot; /* block of the slot (0 = home bucket) << 3 | slot number */
	__u64 empty; /* same form, first empty slot; ~0 = none */
	__u64 last; /* last block of the chain, 0 = the home bucket itself */
	__u32 value_len;
	__u32 chain; /* overflow buckets walked */
	__u32 stale; /* FOUND_*: absent, but the slot is reused */
	__u32 own; /* ref is the transaction's own uncommitted write */
	__u32 kept; /* the last install left what it replaced to a snapshot */
	__u32 behind; /* a snapshot's answer, and no longer the latest */
	__u32 _pad;
	__u64 commit_ts; /* of ref */
	__u64 older; /* the version it replaced, 0 = none kept */
};

/* A write that a stored procedure made, set aside until it has ended well. */
struct pending_write {
	__u64 ref; /* new version, or a tombstone */
	__u64 hash;
};

#define BPFDB_BUILT_MASK 255 /* last place in built[] at which a piece may start */
#define BPFDB_BUILT_SIZE 512

struct arg {
	__u32 off; /* into in[] */
	__u32 len;
};

/* How serve() stopped. */
enum serve_status {
	SERVE_DONE, /* all input consumed */
	SERVE_PARTIAL, /* in[in_pos..in_len) is the start of a request: more bytes needed */
	SERVE_USER, /* the request at in_pos is for user space: argc, argv and next are set */
	SERVE_INLINE, /* an inline request with quotes at in_pos..next: user space splits it */
	SERVE_FULL, /* out[] has no room for the next reply: send it and call again */
	SERVE_BUSY, /* contention outlasted the bounded retries: call again */
	SERVE_GROW, /* the heap must grow by a segment: grow and call again */
	SERVE_PROTOCOL, /* protocol error `error` at in_pos: reply and close */
	SERVE_LOG, /* the redo log has no room now: call again when it has been written */
	SERVE_SYNC, /* the request at in_pos is for user space, which can wait until it is durable */
	SERVE_REFUSE, /* as SERVE_USER, but MULTI cannot queue it: user space only says why */
};

/* Protocol errors; the texts are Redis's. */
enum protocol_error {
	PROTOCOL_OK,
	PROTOCOL_MULTIBULK_LENGTH, /* invalid multibulk length */
	PROTOCOL_BULK_LENGTH, /* invalid bulk length */
	PROTOCOL_EXPECTED_DOLLAR, /* expected '$', got 'x': the byte is in error_byte */
	PROTOCOL_BIG_MULTIBULK, /* too big mbulk count string */
	PROTOCOL_BIG_BULK, /* too big bulk count string */
	PROTOCOL_BIG_INLINE, /* too big inline request */
	PROTOCOL_BIG_REQUEST, /* ours: request too large */
};

/*
 * An EXEC under way: the queued requests stand behind the input and are executed like any
 * others, in transaction txn.
 */
struct exec {
	__u32 txn; /* index + 1, 0 = no EXEC is under way */
	__u32 pos; /* where EXEC stands in in[] */
	__u32 next; /* the end of it */
	__u32 in_len; /* end of the input, start of the queued requests */
	__u32 out_len; /* where its reply starts */
	__u32 watched; /* reads of txn that WATCH made */
	__u32 tries;
	__u32 error; /* an errno by which a command made the whole transaction fail */
};

#define BPFDB_IN_MASK (BPFDB_MAX_REQUEST - 1)
#define BPFDB_IN_SIZE (BPFDB_MAX_REQUEST + (1 << 17)) /* mask + largest value + slack */
#define BPFDB_OUT_SIZE_SHIFT 17
#define BPFDB_OUT_MASK ((1 << BPFDB_OUT_SIZE_SHIFT) - 1)
#define BPFDB_OUT_SIZE ((1 << BPFDB_OUT_SIZE_SHIFT) + (1 << 17))

/*
 * Per-CPU areas are not exclusive in preemptible programs (sk_msg, SYSCALL), and softirq
 * interrupts those on their own CPU: a run claims an area by compare-and-swap on busy.
 */
struct scratch {
	__u64 busy;
	__u32 in_len;
	__u32 in_pos;
	__u32 out_len;
	__u32 out_limit; /* stop before out_len passes it */
	__u32 status; /* enum serve_status */
	__u32 error; /* enum protocol_error */
	__u32 error_byte;
	__u32 next; /* end of the request at in_pos */
	__u32 argc;
	__u32 commands; /* executed in this run */
	__u32 txn; /* transaction the current command runs in: index + 1, 0 = autocommit */
	__u32 hits; /* keys read that were there, and ... */
	__u32 misses; /* ... that were not, in this run */
	__u32 forgotten; /* passes a number by the verifier: see forget() */
	__u32 spare; /* sockmap: buffer kept ready for the start of a request: index + 1 */
	__u32 built_len;
	__u32 pending_len;
	__u32 deferring; /* what is not durable at once is for user space, which can wait */
	__u64 lsn; /* highest commit that the replies of this run depend on, with a log */
	struct exec exec;
	__s64 number; /* last integer read, or counted by a command */
	__u8 text[48]; /* last integer printed: ends at byte 20, the rest is slack */
	struct found found;
	struct key key;
	__u64 ahead[BPFDB_PREFETCH]; /* hashes of keys about to be used */
	__u8 built[BPFDB_BUILT_SIZE]; /* a key or value that a stored procedure puts together */
	struct pending_write pending[BPFDB_MAX_PROCEDURE_WRITES];
	struct arg argv[BPFDB_MAX_ARGS];
	__u8 in[BPFDB_IN_SIZE];
	__u8 out[BPFDB_OUT_SIZE];
};

/* ---- sockmap path ------------------------------------------------------------------ */

#define BPFDB_BUFFER_SIZE 67584 /* 66 KiB: the largest key and value in one request */

/*
 * What the sockmap path must keep between two program runs: the start of a request whose
 * rest has not come, or a reply on its way to the TCP send queue.
 */
struct buffer {
	__u32 next; /* in the free list, or the next reply of the connection: index + 1 */
	__u32 len;
	__u32 skip; /* reply: bytes of the request skb that carries it still to swallow */
	__u32 pieces; /* start of a request: skbs it came in so far */
	__u8 bytes[BPFDB_BUFFER_SIZE];
};

#include "calls.h"
#include "log.h"

#endif
