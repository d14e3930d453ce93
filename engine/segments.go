package engine

import (
	"fmt"
	"sync/atomic"

	"github.com/cilium/ebpf"
)

// addHeapLocked gives the heap one segment more.
func (db *DB) addHeapLocked() error {
	n := uint32(len(db.memory.heap))
	m, err := db.addSegmentLocked("bpfdb_heap", db.memory.heapSpec, n)
	if err != nil {
		return err
	}
	db.memory.heap = append(db.memory.heap, m)
	atomic.StoreUint64(&db.control.at(0).HeapEnd, uint64(n+1)*segmentUnits)
	return nil
}

// addIndexLocked gives the index room for 65536 buckets more; splits fill it.
func (db *DB) addIndexLocked() error {
	m, err := db.addSegmentLocked("bpfdb_index", db.memory.indexSpec, uint32(len(db.memory.index)))
	if err != nil {
		return err
	}
	db.memory.index = append(db.memory.index, m)
	return nil
}

func (db *DB) addSegmentLocked(outer string, spec *ebpf.MapSpec, n uint32) (*ebpf.Map, error) {
	spec = spec.Copy()
	spec.Name = outer
	m, err := ebpf.NewMap(spec)
	if err != nil {
		return nil, fmt.Errorf("segment %d of %s: %w: %w", n, outer, ErrOutOfMemory, err)
	}
	if err := db.collection.Maps[outer].Put(n, m); err != nil {
		m.Close()
		return nil, fmt.Errorf("segment %d of %s: %w", n, outer, err)
	}
	return m, nil
}

// Grow makes room after an operator asked for it: a heap segment more when the heap is
// used up, and a larger index. ErrOutOfMemory when the limit leaves nothing to add.
func (db *DB) Grow() error {
	heap, err := db.growHeap(segmentUnits / 64)
	if err != nil {
		return err
	}
	index, err := db.growIndex()
	if err != nil {
		return err
	}
	if heap || index {
		return nil
	}
	if db.freshUnits() >= segmentUnits/64 {
		// Memory is there, so it was a full chain that asked: only more buckets help it, and
		// at the index's limit the kernel refuses the write.
		_, err = db.splitSome()
		return err
	}
	if !db.mayGrow() {
		return ErrOutOfMemory
	}
	return nil // another caller was faster
}

func (db *DB) mayGrow() bool {
	c := db.control.at(0)
	return atomic.LoadUint64(&c.HeapEnd) < c.HeapMax
}

// freshUnits is the heap memory never allocated so far.
func (db *DB) freshUnits() uint64 {
	c := db.control.at(0)
	cursor, end := atomic.LoadUint64(&c.HeapCursor), atomic.LoadUint64(&c.HeapEnd)
	return end - min(cursor, end)
}

// growHeap adds a segment when fewer than `low` units are left and the limit allows it.
func (db *DB) growHeap(low uint64) (bool, error) {
	if db.freshUnits() >= low || !db.mayGrow() {
		return false, nil
	}
	db.memory.Lock()
	defer db.memory.Unlock()
	if db.freshUnits() >= low || !db.mayGrow() {
		return false, nil // another caller was faster
	}
	return true, db.addHeapLocked()
}
