package redolog

import (
	"errors"
	"fmt"
)

// Errors of opening a directory.
var (
	// ErrLocked says that another process, or another Log of this one, has the directory open.
	ErrLocked = errors.New("directory is in use")
	// ErrOptions refuses an option; the text says which and why.
	ErrOptions = errors.New("invalid option")
	// ErrCorrupt says that something that had been durable is damaged or missing. The error is a *CorruptError.
	ErrCorrupt = errors.New("corrupt")
	// ErrVersion refuses a file of a format this program does not know.
	ErrVersion = errors.New("unknown format version")
	// ErrForeign refuses a file that belongs to another store.
	ErrForeign = errors.New("file of another store")
	// ErrNoLog says that there is nothing to verify: no segment and no checkpoint.
	ErrNoLog = errors.New("no log and no checkpoint")
)

// Errors of an open log.
var (
	// ErrClosed refuses to use a closed log.
	ErrClosed = errors.New("log is closed")
	// ErrRecords refuses records that are not in the format, out of order or too large. Nothing was written.
	ErrRecords = errors.New("invalid records")
	// ErrSyncFailed says that an fsync has failed. What had been written before it may or may not be on disk,
	// and no later fsync can tell: the log takes nothing more. Open finds out what is there.
	ErrSyncFailed = errors.New("fsync failed, the log takes nothing more")
	// ErrCheckpoint refuses to create a checkpoint while another is being written, or older than one that is.
	ErrCheckpoint = errors.New("cannot create checkpoint")
)

// Problem is one thing wrong with one file.
type Problem struct {
	File   string `json:"file"`
	Offset int64  `json:"offset_bytes"`
	What   string `json:"what"`
}

func (p Problem) String() string { return fmt.Sprintf("%s at offset %d: %s", p.File, p.Offset, p.What) }

// CorruptError says what is damaged, where, and what can be done. It is an ErrCorrupt.
type CorruptError struct {
	Problem
	Dir string
	// Frames and Records count what lies behind the damage and is still readable: what a repair would lose.
	Frames, Records uint64
}

func (e *CorruptError) Error() string {
	behind := ""
	if e.Frames > 0 {
		behind = fmt.Sprintf(", losing %d frames with %d records behind it", e.Frames, e.Records)
	}
	return fmt.Sprintf("%v: %v; `bpfdb verify %s` shows all that is wrong, `bpfdb verify --repair %s` cuts there%s",
		ErrCorrupt, e.Problem, e.Dir, e.Dir, behind)
}

// Is makes it an ErrCorrupt.
func (e *CorruptError) Is(target error) bool { return target == ErrCorrupt }
