// Package transaction turns the transactions of package workloads into requests to a RESP
// server, in each of the ways a user could write them, and judges what came of them. It
// does no I/O: a Session says what to send next and is told the replies; package driver
// carries both.
//
// The logic of every transaction is written once, as ordinary code over reads and writes
// (voter.go, smallbank.go, tatp.go, ycsb.go). A mode says how its reads and writes are kept
// together:
//
//   - procedure: one CALL of a stored procedure in the server's kernel.
//   - lua: one EVALSHA, or the command of Redis that does the same; every key the client can
//     compute is declared. NOSCRIPT reloads.
//   - interactive: BEGIN and the reads, further reads, then the writes and COMMIT. -CONFLICT or
//     -BUSY repeats the transaction.
//   - multi: WATCH and the reads, further reads, then MULTI, the writes and EXEC. A null
//     or -BUSY from EXEC repeats the transaction. Transactions that only read send one MGET.
//   - unsafe: the reads, then the writes, with nothing to keep them together: what the
//     anomaly score is there to show.
//
// The scans of YCSB E have a mode of their own, sorted-set: the names of all records are also in
// one sorted set; a scan takes a range of it and fetches the values, an insert adds to both. A
// system without sorted sets refuses to be loaded; nothing stands in for them.
//
// After a run, Verify reads the data back and checks what must hold whatever was executed.
package transaction
