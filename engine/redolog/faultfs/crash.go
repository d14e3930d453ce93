package faultfs

import (
	"maps"
	"slices"
)

// Crash is a loss of power: every handle is dead, and what was not synced is kept in parts or not at all. Restart
// follows.
func (f *FS) Crash() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mu.crashed = true
}

// Crashed reports whether the machine is down.
func (f *FS) Crashed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.mu.crashed
}

// Restart begins a new life, after a crash with what is on disk, otherwise, as when a process was killed, with
// what is cached. No faults are armed any more.
func (f *FS) Restart() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mu.crashed {
		f.settle()
	}
	f.mu.crashed = false
	f.mu.faults = Faults{}
	f.mu.boot++
	clear(f.mu.locked)
}

// settle decides what the crash has kept.
func (f *FS) settle() {
	prefix := len(f.mu.changes) + 1
	if f.mu.random.IntN(2) == 0 {
		prefix = f.mu.random.IntN(prefix) // as a journal does; otherwise any subset
	}
	for n, c := range f.mu.changes {
		if n < prefix && (prefix <= len(f.mu.changes) || f.mu.random.IntN(2) == 0) {
			c.apply(f.mu.durable)
		}
	}
	f.mu.changes = nil
	f.mu.cached = map[string]*node{}
	for _, name := range slices.Sorted(maps.Keys(f.mu.durable)) {
		n := f.mu.durable[name]
		f.settleFile(n)
		f.mu.cached[name] = n
	}
}

// settleFile decides it for the pages and the size of a file.
func (f *FS) settleFile(n *node) {
	before := len(n.disk)
	mode := f.mu.random.IntN(4)
	for _, page := range n.pages() {
		switch {
		case mode == 0: // everything is lost
		case mode == 1: // everything is kept
			n.flush(page, nil)
		case f.mu.random.IntN(3) == 0:
			n.flush(page, func() bool { return f.mu.random.IntN(2) == 0 })
		case f.mu.random.IntN(2) == 0:
			n.flush(page, nil)
		}
	}
	clear(n.dirty)
	if n.sized && f.mu.random.IntN(2) == 0 {
		n.disk = n.disk[:min(before, len(n.disk))]
	} else {
		n.setDiskSize()
	}
	n.sized = false
	n.cache = append([]byte(nil), n.disk...)
}

// Clone returns a directory with the same files, all of them durable and none open.
func (f *FS) Clone(seed uint64) *FS {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := New(seed)
	for name, n := range f.mu.cached {
		copied := &node{cache: slices.Clone(n.cache), disk: slices.Clone(n.cache), dirty: map[int64]bool{}}
		c.mu.cached[name], c.mu.durable[name] = copied, copied
	}
	return c
}
