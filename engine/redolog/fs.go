package redolog

import "io"

// FS is the directory the log lives in. Names are base names. Errors wrap those of the io/fs package where they
// mean the same.
type FS interface {
	// Lock takes an exclusive lock on a file until it is closed; ErrLocked if somebody has it. It creates the
	// file if it must and create is true.
	Lock(name string, create bool) (io.Closer, error)
	// List returns the names in the directory.
	List() ([]string, error)
	// Open opens an existing file, for writing too if write is true.
	Open(name string, write bool) (File, error)
	// Create makes an empty file, or empties an existing one.
	Create(name string) (File, error)
	// Rename gives a file another name, atomically replacing who had it.
	Rename(from, to string) error
	// Remove removes a name.
	Remove(name string) error
	// Sync makes durable what Create, Rename and Remove have done.
	Sync() error
}

// File is a file of an FS.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// SizeBytes returns the size of the file.
	SizeBytes() (int64, error)
	// Allocate makes the file at least this large, with zeros, and reserves the space.
	Allocate(sizeBytes int64) error
	// Sync makes durable what was written, and the size.
	Sync() error
	// DropCache forgets what the kernel has cached and not changed, so that what is read next is what is on
	// disk: after a failed fsync the two differ.
	DropCache() error
}
