package faultfs

import (
	"sync"
	"sync/atomic"

	"bpfdb/engine/redolog"
)

// Gate is a directory whose disk can be made to stand still: fsyncs of files, and if wanted writes, then do not
// return until it goes on.
type Gate struct {
	redolog.FS
	waiting atomic.Int64

	mu struct {
		sync.Mutex
		open   chan struct{} // nil: open
		writes bool
	}
}

// NewGate returns a gate before a directory, open.
func NewGate(fs redolog.FS) *Gate { return &Gate{FS: fs} }

// Hold makes the disk stand still, for writes too if writes is true.
func (g *Gate) Hold(writes bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.mu.writes = writes
	if g.mu.open == nil {
		g.mu.open = make(chan struct{})
	}
}

// Release makes it go on.
func (g *Gate) Release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.mu.open != nil {
		close(g.mu.open)
		g.mu.open = nil
	}
}

// Waiting is how many calls wait.
func (g *Gate) Waiting() int { return int(g.waiting.Load()) }

func (g *Gate) pass(write bool) {
	g.mu.Lock()
	open := g.mu.open
	if write && !g.mu.writes {
		open = nil
	}
	g.mu.Unlock()
	if open != nil {
		g.waiting.Add(1)
		<-open
		g.waiting.Add(-1)
	}
}

// Open opens a file behind the gate.
func (g *Gate) Open(name string, write bool) (redolog.File, error) {
	f, err := g.FS.Open(name, write)
	return g.guard(f, err)
}

// Create makes a file behind the gate.
func (g *Gate) Create(name string) (redolog.File, error) {
	f, err := g.FS.Create(name)
	return g.guard(f, err)
}

func (g *Gate) guard(f redolog.File, err error) (redolog.File, error) {
	if err != nil {
		return nil, err
	}
	return &guarded{f, g}, nil
}

// guarded is a file behind a gate.
type guarded struct {
	redolog.File
	gate *Gate
}

func (f *guarded) WriteAt(b []byte, offset int64) (int, error) {
	f.gate.pass(true)
	return f.File.WriteAt(b, offset)
}

func (f *guarded) Sync() error {
	f.gate.pass(false)
	return f.File.Sync()
}
