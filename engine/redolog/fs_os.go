package redolog

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// OS returns the FS of a directory of the machine, which must exist.
func OS(dir string) FS { return osFS{dir} }

type osFS struct{ dir string }

func (o osFS) path(name string) string { return filepath.Join(o.dir, name) }

func (o osFS) Lock(name string, create bool) (io.Closer, error) {
	flags := os.O_RDONLY
	if create {
		flags = os.O_RDWR | os.O_CREATE
	}
	file, err := os.OpenFile(o.path(name), flags, 0o600)
	if err != nil {
		return nil, err
	}
	err = ignoringEINTR(func() error { return unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) })
	if err != nil {
		file.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: %s is locked by another process", ErrLocked, o.path(name))
		}
		return nil, &fs.PathError{Op: "flock", Path: o.path(name), Err: err}
	}
	return file, nil
}

func (o osFS) List() ([]string, error) {
	entries, err := os.ReadDir(o.dir)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names, err
}

func (o osFS) Open(name string, write bool) (File, error) {
	flags := os.O_RDONLY
	if write {
		flags = os.O_RDWR
	}
	return openOS(o.path(name), flags)
}

func (o osFS) Create(name string) (File, error) {
	return openOS(o.path(name), os.O_RDWR|os.O_CREATE|os.O_TRUNC)
}

func openOS(path string, flags int) (File, error) {
	file, err := os.OpenFile(path, flags, 0o600)
	if err != nil {
		return nil, err
	}
	return osFile{file}, nil
}

func (o osFS) Rename(from, to string) error { return os.Rename(o.path(from), o.path(to)) }

func (o osFS) Remove(name string) error { return os.Remove(o.path(name)) }

func (o osFS) Sync() error { return syncDir(o.dir) }

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// makeDir creates a directory, durably.
func makeDir(dir string) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

type osFile struct{ *os.File }

func (f osFile) fail(op string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: f.Name(), Err: err}
}

func (f osFile) SizeBytes() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (f osFile) Allocate(sizeBytes int64) error {
	err := ignoringEINTR(func() error { return unix.Fallocate(int(f.Fd()), 0, 0, sizeBytes) })
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
		return f.fillWithZeros(sizeBytes)
	}
	return f.fail("fallocate", err)
}

// fillWithZeros allocates where the file system cannot.
func (f osFile) fillWithZeros(sizeBytes int64) error {
	size, err := f.SizeBytes()
	if err != nil {
		return err
	}
	return writeZeros(f, size, sizeBytes)
}

// writeZeros fills a file with zeros from one offset up to another.
func writeZeros(f io.WriterAt, from, to int64) error {
	zeros := make([]byte, min(readChunkBytes, max(0, to-from)))
	for from < to {
		n, err := f.WriteAt(zeros[:min(int64(len(zeros)), to-from)], from)
		if err != nil {
			return err
		}
		from += int64(n)
	}
	return nil
}

func (f osFile) Sync() error {
	return f.fail("fdatasync", ignoringEINTR(func() error { return unix.Fdatasync(int(f.Fd())) }))
}

func (f osFile) DropCache() error {
	err := ignoringEINTR(func() error { return unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED) })
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		return nil // it keeps no cache
	}
	return f.fail("fadvise", err)
}

// maxInterrupts bounds how often one system call is tried again because a signal came.
const maxInterrupts = 1000

func ignoringEINTR(call func() error) (err error) {
	for range maxInterrupts {
		if err = call(); !errors.Is(err, unix.EINTR) {
			break
		}
	}
	return err
}
