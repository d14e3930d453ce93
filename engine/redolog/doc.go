// Package redolog keeps the commits of the engine on disk: a redo log in segment files and checkpoints beside
// it, in one directory. It knows nothing of the kernel; it takes records in the layout the kernel writes them
// (bpf/log.h) and gives them back after a restart.
//
// Open locks the directory and finds out what is there; Recovery hands out the newest valid checkpoint and the
// records after it; Log takes new ones. A commit is durable once Sync has returned an LSN at or above its own.
//
// What a crash may leave is cut: an incomplete end of the log, that is, frames no Sync had vouched for. Damage to
// what was durable is never cut silently but refused with ErrCorrupt, as are missing and foreign files. Later
// frames, segments and checkpoints say how far the log had been durable when they were written, which is how the
// two are told apart. Damage to the very last frame of all looks like a torn end where no later frame, clean close
// or checkpoint vouches for it.
//
// FORMAT.md describes the files byte by byte.
package redolog
