// Package microbench measures the engine alone: a SYSCALL program runs GET or one-key SET
// commits in a loop inside the kernel, on one CPU or on several at once, with no network
// and no server in the way. Every value read is checked.
package microbench
