// Package model is the executable specification of BPF-DB: what every path into the kernel engine must do,
// written as the plainest Go that does it. It has no kernel part, no concurrency and no I/O.
//
// A [DB] is the sequential specification of the operators. A [Session] speaks RESP for one connection over a
// DB and gives the bytes redis-server 7.0 gives, which internal/dialogue checks against the real one.
// Differential tests play the same input to the engine and to the model and compare.
//
// # Where BPF-DB differs from Redis
//
// [Commands] lists what a Session knows; CLIENT, COMMAND, CONFIG and INFO, whose replies describe the server
// and not its data, are not modelled. Memory has no end here: running out of it is the engine's own.
//
// One database: redis-server --databases 1. No key expiry: SET with EX, PX, EXAT, PXAT or KEEPTTL is refused
// with
//
//	-ERR key expiry is not supported
//
// Sizes are bounded. The connection goes on after the first two; the third closes it. A request is too large
// when its header announces more than [MaxArgs] arguments, when an inline line holds more, or when the header
// of an argument announces bytes that would make the request exceed [MaxRequestBytes] from its '*' to its
// last CR LF. Redis's own errors come first (arity, syntax, integers among the arguments), then keys, then
// values, then the command runs, reads included; APPEND gives the value error for the value it would make.
//
//	-ERR key exceeds 512 bytes
//	-ERR value exceeds 65536 bytes
//	-ERR Protocol error: request too large
//
// Interactive transactions are BPF-DB's own, and optimistic:
//
//	BEGIN [READONLY]  +OK, or -ERR BEGIN calls can not be nested
//	COMMIT            +OK, or -CONFLICT transaction conflict, retry, or -ERR COMMIT without BEGIN
//	ABORT             +OK, or -ERR ABORT without BEGIN
//
// Commands between BEGIN and COMMIT answer at once, see the transaction's own writes and otherwise the state
// committed when it began, and show their effect to others at COMMIT, all of it or none. COMMIT fails when the
// transaction wrote something, and a key that it read has since been written by someone else, even with equal
// bytes, or was read as missing and is now there; SET without options and MSET read nothing, every other
// command reads the keys it names, and DEL writes those that are there. After COMMIT, failed or not, and after
// ABORT the transaction is over. An error reply changes nothing and leaves the transaction open; closing the
// connection aborts it. After READONLY every write is refused:
//
//	-READONLY You can't write in a read only transaction.
//
// The engine may answer CONFLICT where a Session commits, never the other way round: after a FLUSHALL, when
// another commit is under way in a bucket that was read, or when a key read as missing has come and gone.
// Dialogues leave these cases out. It aborts a transaction left idle; then every command but ABORT answers
//
//	-TIMEOUT the transaction was idle for too long and has been aborted
//
// until COMMIT, which answers that too and ends it, or ABORT.
//
// CALL name argument... runs a stored procedure (bpf/procedure.bpf.h has the table, the headers beside it each
// family's data) inside the open transaction or as one of its own. A procedure checks its arguments' number
// and form, reads, decides, and then does all of its writes or none:
//
//	-ERR unknown procedure 'name'
//	-ERR wrong number of arguments for procedure 'name'
//	-ERR phone must be 10 digits         and the like: an argument is not of its form
//	-ABORT insufficient funds            and the like: the procedure decided to do nothing
//
// These commands see all keys at once and are refused in a transaction, for validation is by key:
//
//	-ERR FLUSHALL is not allowed inside a transaction
//	-ERR DBSIZE is not allowed inside a transaction
//
// # MULTI and WATCH
//
// They are Redis's, replies and errors included, and more: an EXEC is one serializable transaction. It differs
// from Redis in what follows.
//
//   - Between MULTI and EXEC stand commands that the engine executes: data commands, PING, ECHO, SELECT and
//     UNWATCH. All others are refused at once, and EXEC then fails.
//   - The queue is bounded by [MaxQueued] requests and [MaxQueueBytes], the reply to EXEC by [MaxExecReplies].
//   - At the memory limit, and past the engine's limits on what a transaction reads and writes, nothing of an
//     EXEC happens; in Redis one command more or less would.
//   - A connection that watches keys has a transaction of the engine open. There may be only so many, and when it
//     has been idle for too long EXEC answers null. A key that was missing, came and went is unchanged; a
//     FLUSHALL changes every key, missing ones too.
//   - BEGIN ... COMMIT and MULTI ... EXEC exclude each other.
//
// The errors, in this order:
//
//	-ERR FLUSHALL is not allowed inside a transaction
//	-ERR MULTI queues at most 1024 commands
//	-ERR MULTI queues at most 67584 bytes
//	-EXECABORT Transaction discarded because of: ERR replies exceed 131072 bytes
//	-EXECABORT Transaction discarded because of: OOM command not allowed when used memory > 'maxmemory'.
//	-EXECABORT Transaction discarded because of: ERR transaction touches too many keys
//	-ERR too many open transactions
//	-ERR MULTI is not allowed inside a transaction
//	-ERR WATCH is not allowed inside a transaction
//
// The engine may answer null to an EXEC after WATCH where a Session does not, as with COMMIT, and to any EXEC
//
//	-BUSY too much contention on a key, try again
//
// when others kept it from committing too often. Nothing has happened then, and MULTI and WATCH are over.
//
// # Where Redis depends on how the bytes arrive
//
// A [Session] must not, so it takes the strict side: a line of more than [MaxLineBytes] before its end is too
// big even if its end has arrived too, and replies due before a POST or Host: command are kept although Redis
// drops those it has not yet sent.
package model
