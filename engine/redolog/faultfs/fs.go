package faultfs

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"

	"bpfdb/engine/redolog"
)

// FS is a directory. It implements redolog.FS and is safe for concurrent use.
type FS struct {
	mu struct {
		sync.Mutex
		random  *rand.Rand
		cached  map[string]*node // the directory as processes see it
		durable map[string]*node // as it is on disk
		changes []change         // what of cached is not known to be durable, in order
		boot    int              // handles of earlier ones are dead
		locked  map[string]bool
		faults  Faults
		crashed bool
		changed int // calls that changed anything
	}
}

// change is a change of the directory.
type change struct {
	from, to string // "" for none
	file     *node  // what is called to from now on
}

func (c change) apply(names map[string]*node) {
	if c.from != "" {
		delete(names, c.from)
	}
	if c.to != "" {
		names[c.to] = c.file
	}
}

// New returns an empty directory.
func New(seed uint64) *FS {
	f := &FS{}
	f.mu.random = rand.New(rand.NewPCG(seed, 0))
	f.mu.cached = map[string]*node{}
	f.mu.durable = map[string]*node{}
	f.mu.locked = map[string]bool{}
	return f
}

func (f *FS) change(op string, c change) error {
	if err := f.call(op); err != nil {
		return err
	}
	c.apply(f.mu.cached)
	f.mu.changes = append(f.mu.changes, c)
	return nil
}

func (f *FS) missing(op, name string) error {
	if f.mu.cached[name] == nil {
		return &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	return nil
}

// Lock locks a name. A crash unlocks it.
func (f *FS) Lock(name string, _ bool) (io.Closer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mu.crashed {
		return nil, ErrCrashed
	}
	if f.mu.locked[name] {
		return nil, fmt.Errorf("%w: %s", redolog.ErrLocked, name)
	}
	f.mu.locked[name] = true
	return &lock{f, name, f.mu.boot}, nil
}

type lock struct {
	fs   *FS
	name string
	boot int
}

func (l *lock) Close() error {
	l.fs.mu.Lock()
	defer l.fs.mu.Unlock()
	if l.boot == l.fs.mu.boot {
		delete(l.fs.mu.locked, l.name)
	}
	return nil
}

// List returns the names in order.
func (f *FS) List() ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mu.crashed {
		return nil, ErrCrashed
	}
	return slices.Sorted(maps.Keys(f.mu.cached)), nil
}

// Open opens a file.
func (f *FS) Open(name string, write bool) (redolog.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mu.crashed {
		return nil, ErrCrashed
	}
	if err := f.missing("open", name); err != nil {
		return nil, err
	}
	return &file{f, f.mu.cached[name], name, f.mu.boot, write}, nil
}

// Create makes a new file in the place of any other.
func (f *FS) Create(name string) (redolog.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := &node{dirty: map[int64]bool{}}
	if err := f.change("create", change{to: name, file: n}); err != nil {
		return nil, err
	}
	return &file{f, n, name, f.mu.boot, true}, nil
}

// Rename gives a file another name.
func (f *FS) Rename(from, to string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.missing("rename", from); err != nil {
		return err
	}
	return f.change("rename", change{from, to, f.mu.cached[from]})
}

// Remove removes a file.
func (f *FS) Remove(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.missing("remove", name); err != nil {
		return err
	}
	return f.change("remove", change{from: name})
}

// Sync makes the directory durable.
func (f *FS) Sync() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.call("fsync"); err != nil {
		return err
	}
	f.mu.durable = maps.Clone(f.mu.cached)
	f.mu.changes = nil
	return nil
}
