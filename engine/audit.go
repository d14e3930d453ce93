package engine

import (
	"encoding/binary"
	"fmt"
)

// Audit is what a walk over all memory found; sizes are in bytes.
type Audit struct {
	Keys     int64 // live records
	Versions int64 // older versions and tombstones
	Overflow int64 // overflow buckets
	Used     int64 // their blocks, together
	Free     int64 // blocks on free lists
	// Lost belongs to nobody. The ends of segments are, where the next block did not fit.
	Lost int64
}

const (
	bucketBytes    = 64
	bucketSlots    = 7
	recordBytes    = 24
	refMask        = 1<<36 - 1
	recordDeletes  = 1 // BPFDB_RECORD_TOMBSTONE
	overflowLink   = 1 // of a bucket's word
	fineClasses    = 32
	maxOverflowing = 64 // overflow buckets of one chain, as a bound
)

// Audit walks the index, all versions and the free lists and accounts for every block ever handed out: each must
// be reachable in exactly one way, and the sums must be those of Stats. It copies all memory, and it must have the
// engine to itself: no open transaction, no call under way. An error says what does not add up.
func (db *DB) Audit() (Audit, error) {
	w := auditor{}
	if err := w.read(db); err != nil {
		return w.Audit, err
	}
	for id := range db.buckets() {
		if err := w.bucket(w.index[id>>indexSegmentShift], int(id%(1<<indexSegmentShift))*bucketBytes); err != nil {
			return w.Audit, fmt.Errorf("bucket %d: %w", id, err)
		}
	}
	for i := range int(db.control.at(0).ShardMask) + 1 {
		for class, head := range db.shards.at(i).FreeHead {
			if err := w.list(head&refMask, classBytes(class)); err != nil {
				return w.Audit, fmt.Errorf("free blocks of %d bytes, shard %d: %w", classBytes(class), i, err)
			}
		}
	}
	for _, taken := range w.taken[1:] { // unit 0 is nobody's
		if !taken {
			w.Lost += unitBytes
		}
	}
	s := db.Stats()
	got := [...]int64{w.Keys, w.Versions, w.Overflow, w.Used}
	if want := [...]int64{s.Keys, s.Versions, s.Overflow, s.Used}; got != want {
		return w.Audit, fmt.Errorf("keys, versions, overflow buckets, bytes: found %v, counted %v", got, want)
	}
	if waste := int64(len(w.heap)-1) * classBytes(len(db.shards.at(0).FreeHead)-1); w.Lost > waste {
		return w.Audit, fmt.Errorf("%d bytes are lost, ends of %d segments are at most %d", w.Lost, len(w.heap), waste)
	}
	return w.Audit, nil
}

// classBytes is the size of the blocks of a class, class_size in bpf/heap.bpf.h.
func classBytes(class int) int64 {
	if class < fineClasses {
		return int64(class+1) * unitBytes
	}
	doubling, step := (class-fineClasses)/8, (class-fineClasses)%8
	return 512<<doubling + int64(step+1)*64<<doubling
}

type auditor struct {
	Audit
	heap, index [][]byte
	taken       []bool // by unit, up to the first never handed out
	flushed     uint64
}

// read copies the segments.
func (w *auditor) read(db *DB) error {
	db.memory.Lock()
	defer db.memory.Unlock()
	for _, m := range db.memory.heap {
		segment, err := m.LookupBytes(uint32(0))
		if err != nil {
			return fmt.Errorf("read a heap segment: %w", err)
		}
		w.heap = append(w.heap, segment)
	}
	for _, m := range db.memory.index {
		segment, err := m.LookupBytes(uint32(0))
		if err != nil {
			return fmt.Errorf("read an index segment: %w", err)
		}
		w.index = append(w.index, segment)
	}
	w.taken = make([]bool, db.control.at(0).HeapCursor)
	w.flushed = db.control.at(0).FlushTs
	return nil
}

// take marks a block; it fails when somebody else has a part of it.
func (w *auditor) take(ref uint64, size int64) error {
	units := uint64(size) / unitBytes
	if ref == 0 || ref+units > uint64(len(w.taken)) {
		return fmt.Errorf("block %#x of %d bytes was never handed out", ref, size)
	}
	for i := ref; i < ref+units; i++ {
		if w.taken[i] {
			return fmt.Errorf("block %#x of %d bytes is in use twice", ref, size)
		}
		w.taken[i] = true
	}
	return nil
}

// at is the memory behind a ref.
func (w *auditor) at(ref uint64) []byte {
	return w.heap[ref/segmentUnits][ref%segmentUnits*unitBytes:]
}

// bucket walks a chain from its home bucket, at off.
func (w *auditor) bucket(b []byte, off int) error {
	b = b[off:]
	for range maxOverflowing {
		slots, linked := bucketSlots, binary.LittleEndian.Uint64(b)&overflowLink != 0
		if linked {
			slots--
		}
		for i := range slots {
			if ref := binary.LittleEndian.Uint64(b[8+8*i:]) & refMask; ref != 0 {
				if err := w.record(ref); err != nil {
					return fmt.Errorf("slot %d: %w", i, err)
				}
			}
		}
		if !linked {
			return nil
		}
		ref := binary.LittleEndian.Uint64(b[8+8*slots:]) & refMask
		if err := w.take(ref, bucketBytes); err != nil {
			return fmt.Errorf("overflow bucket: %w", err)
		}
		w.Overflow++
		w.Used += bucketBytes
		b = w.at(ref)
	}
	return fmt.Errorf("over %d overflow buckets", maxOverflowing)
}

// record takes the latest version of a key and all older ones.
func (w *auditor) record(ref uint64) error {
	for latest := true; ref != 0; latest = false {
		if ref >= uint64(len(w.taken)) {
			return fmt.Errorf("record %#x was never handed out", ref)
		}
		r := w.at(ref)[:recordBytes]
		size := classBytes(int(r[22])) // cls of struct record
		if err := w.take(ref, size); err != nil {
			return err
		}
		w.Used += size
		if latest && r[23]&recordDeletes == 0 && binary.LittleEndian.Uint64(r[8:]) > w.flushed {
			w.Keys++
		} else {
			w.Versions++
		}
		ref = binary.LittleEndian.Uint64(r) & refMask
	}
	return nil
}

// list takes the blocks of one free list.
func (w *auditor) list(ref uint64, size int64) error {
	for ref != 0 {
		if err := w.take(ref, size); err != nil {
			return err
		}
		w.Free += size
		ref = binary.LittleEndian.Uint64(w.at(ref)) & refMask
	}
	return nil
}
