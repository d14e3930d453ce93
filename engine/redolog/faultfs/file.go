package faultfs

import (
	"io"
	"io/fs"
	"maps"
	"slices"
)

const (
	pageBytes   = 4096
	sectorBytes = 512
)

// node is what is in a file.
type node struct {
	cache, disk []byte
	dirty       map[int64]bool // pages of cache that are to be written
	sized       bool           // the size was changed since it was last made durable
}

func (n *node) resize(size int64) {
	if size > int64(len(n.cache)) {
		n.cache = append(n.cache, make([]byte, size-int64(len(n.cache)))...)
		n.sized = true
	}
}

func (n *node) write(b []byte, offset int64) {
	n.resize(offset + int64(len(b)))
	copy(n.cache[offset:], b)
	for page := offset / pageBytes; page*pageBytes < offset+int64(len(b)); page++ {
		n.dirty[page] = true
	}
}

// flush writes a page to the disk, or the sectors of it that keep says.
func (n *node) flush(page int64, keep func() bool) {
	end := min((page+1)*pageBytes, int64(len(n.cache)))
	if grow := end - int64(len(n.disk)); grow > 0 {
		n.disk = append(n.disk, make([]byte, grow)...)
	}
	for at := page * pageBytes; at < end; at += sectorBytes {
		if keep == nil || keep() {
			copy(n.disk[at:min(at+sectorBytes, end)], n.cache[at:])
		}
	}
}

// pages returns the dirty pages in order.
func (n *node) pages() []int64 { return slices.Sorted(maps.Keys(n.dirty)) }

// file is an open file.
type file struct {
	fs    *FS
	node  *node
	name  string
	boot  int
	write bool
}

// enter locks the directory and reports whether the handle still works.
func (f *file) enter() error {
	f.fs.mu.Lock()
	if f.boot != f.fs.mu.boot || f.fs.mu.crashed {
		return ErrCrashed
	}
	return nil
}

func (f *file) fail(op string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: f.name, Err: err}
}

func (f *file) ReadAt(b []byte, offset int64) (int, error) {
	err := f.enter()
	defer f.fs.mu.Unlock()
	if err != nil {
		return 0, err
	}
	if err := f.fs.read(); err != nil {
		return 0, f.fail("read", err)
	}
	if offset >= int64(len(f.node.cache)) {
		return 0, io.EOF
	}
	n := copy(b, f.node.cache[offset:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (f *file) WriteAt(b []byte, offset int64) (int, error) {
	err := f.enter()
	defer f.fs.mu.Unlock()
	if err == nil && !f.write {
		err = fs.ErrPermission
	}
	if err != nil {
		return 0, f.fail("write", err)
	}
	n, err := f.fs.writable(f.node, len(b), offset)
	f.node.write(b[:n], offset)
	f.fs.writeBack(f.node)
	return n, f.fail("write", err)
}

func (f *file) Close() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	return nil
}

func (f *file) SizeBytes() (int64, error) {
	err := f.enter()
	defer f.fs.mu.Unlock()
	return int64(len(f.node.cache)), err
}

func (f *file) Allocate(sizeBytes int64) error {
	err := f.enter()
	defer f.fs.mu.Unlock()
	if err == nil {
		err = f.fs.allocatable(f.node, sizeBytes)
	}
	if err != nil {
		return f.fail("fallocate", err)
	}
	f.node.resize(sizeBytes)
	return nil
}

func (f *file) Sync() error {
	err := f.enter()
	defer f.fs.mu.Unlock()
	if err != nil {
		return err
	}
	if err := f.fs.call("fdatasync"); err != nil {
		f.fs.dropDirty(f.node)
		return f.fail("fdatasync", err)
	}
	for page := range f.node.dirty {
		f.node.flush(page, nil)
	}
	f.node.setDiskSize()
	clear(f.node.dirty)
	return nil
}

// setDiskSize makes the size durable.
func (n *node) setDiskSize() {
	if grow := len(n.cache) - len(n.disk); grow > 0 {
		n.disk = append(n.disk, make([]byte, grow)...)
	}
	n.sized = false
}

func (f *file) DropCache() error {
	err := f.enter()
	defer f.fs.mu.Unlock()
	if err != nil {
		return err
	}
	for page := int64(0); page*pageBytes < int64(len(f.node.cache)); page++ {
		if f.node.dirty[page] {
			continue
		}
		on := f.node.cache[page*pageBytes : min((page+1)*pageBytes, int64(len(f.node.cache)))]
		clear(on)
		if page*pageBytes < int64(len(f.node.disk)) {
			copy(on, f.node.disk[page*pageBytes:])
		}
	}
	return nil
}
