// Package workloads generates the operations of a benchmark: which command, on which
// key, writing which value. It does no I/O and reads no clock: a stream is a function of
// (Spec, seed, worker, workers), so every system under test receives the same load, and
// Stream.Digest proves it.
//
// Records use the "string" mapping: one key holds one value of Spec.ValueBytes bytes, a
// read fetches the whole value and an update replaces all of it. YCSB's own records are
// ten fields of 100 bytes of which an update rewrites one; figures must say which they use.
//
// Transactional workloads have a stream, a data set and parameters of their own: TxnStream
// and Dataset. Voter, SmallBank, TATP and YCSB+T's closed economy follow the papers where
// BenchBase deviates from them; each file says where.
//
// Package trace, below this one, has operations that were recorded instead of drawn.
//
// Operation mixes are those of the YCSB core workloads A to F (Cooper et al., SoCC'10). What D
// reads as the latest records is what the same worker knows to be there, see latest.go. E
// scans, which needs a system that keeps keys in order; no driver makes up for one that does
// not.
package workloads
