// Package isolation holds no code but tests of transactions: that what clients of all paths and of the Go and
// eBPF interfaces do to the same keys at the same time is strictly serializable, that none of the anomalies of
// weak isolation can be had on purpose, and that nothing leaks.
//
// The tests are short by default. With BPFDB_CHECK_MINUTES=N in the environment they go on for about N minutes in
// all; BPFDB_CHECK_SEED=S repeats the random choices of a run.
package isolation
