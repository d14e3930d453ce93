package faultfs

import (
	"errors"

	"golang.org/x/sys/unix"
)

// ErrCrashed is what every call returns from a crash to Restart, and on handles from before.
var ErrCrashed = errors.New("the machine has crashed")

// Faults say what goes wrong. The zero value is nothing.
type Faults struct {
	// CrashAfter crashes in the call that is this many changing calls away, 1 in the next; 0 never.
	CrashAfter int
	// SpaceBytes is how large all files together may become; 0 is no limit.
	SpaceBytes int64
	// WriteError, SyncError, ChangeError and ReadError are the probabilities of an I/O error of a write or an
	// allocation, of an fsync, of a change of the directory and of a read.
	WriteError, SyncError, ChangeError, ReadError float64
	// WriteBack is the probability that the kernel writes some pages after a write.
	WriteBack float64
}

// Set arms faults from the next call on.
func (f *FS) Set(faults Faults) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mu.faults = faults
}

// Calls returns how many calls have changed anything or tried to.
func (f *FS) Calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.mu.changed
}

func (f *FS) chance(p float64) bool { return p > 0 && f.mu.random.Float64() < p }

// call decides what a call that changes something does: nil to go on. A crash in it happens before it has done
// anything; that of a write, after a part of it.
func (f *FS) call(op string) error {
	if f.mu.crashed {
		return ErrCrashed
	}
	f.mu.changed++
	if f.mu.faults.CrashAfter > 0 {
		if f.mu.faults.CrashAfter--; f.mu.faults.CrashAfter == 0 {
			f.mu.crashed = true
			return ErrCrashed
		}
	}
	p := f.mu.faults.ChangeError
	switch op {
	case "write", "fallocate":
		p = f.mu.faults.WriteError
	case "fsync", "fdatasync":
		p = f.mu.faults.SyncError
	}
	if f.chance(p) {
		return unix.EIO
	}
	return nil
}

func (f *FS) read() error {
	if f.chance(f.mu.faults.ReadError) {
		return unix.EIO
	}
	return nil
}

// writable returns how much of a write of n bytes happens, and why not all of it.
func (f *FS) writable(target *node, n int, offset int64) (int, error) {
	if err := f.call("write"); err != nil {
		return f.mu.random.IntN(n), err
	}
	if room := f.room(target); offset+int64(n) > room {
		return int(max(0, room-offset)), unix.ENOSPC
	}
	return n, nil
}

func (f *FS) allocatable(target *node, size int64) error {
	if err := f.call("fallocate"); err != nil {
		return err
	}
	if room := f.room(target); size > room {
		target.resize(room) // as fallocate may leave a part of it
		return unix.ENOSPC
	}
	return nil
}

// room returns the size a file may have.
func (f *FS) room(target *node) int64 {
	if f.mu.faults.SpaceBytes == 0 {
		return 1 << 62
	}
	room := f.mu.faults.SpaceBytes
	for _, n := range f.mu.cached {
		if n != target {
			room -= int64(len(n.cache))
		}
	}
	return max(room, int64(len(target.cache)))
}

// writeBack is the kernel writing pages when it likes to.
func (f *FS) writeBack(n *node) {
	if !f.chance(f.mu.faults.WriteBack) {
		return
	}
	for _, page := range n.pages() {
		if f.mu.random.IntN(2) == 0 {
			n.flush(page, nil)
			delete(n.dirty, page)
		}
	}
}

// dropDirty is what a failed fsync does: some pages are on disk, and all are clean.
func (f *FS) dropDirty(n *node) {
	if f.mu.crashed {
		return
	}
	for _, page := range n.pages() {
		if f.mu.random.IntN(2) == 0 {
			n.flush(page, nil)
		}
	}
	clear(n.dirty)
}
