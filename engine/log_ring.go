package engine

import (
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"unsafe"

	"github.com/cilium/ebpf"

	"bpfdb/engine/redolog"
)

const (
	logLine     = 64   // BPFDB_LOG_LINE
	logHeadroom = 4096 // BPFDB_LOG_HEADROOM, in lines
)

// logSegment is one inner map of bpfdb_log.
type logSegment [logSegmentBytes + 1<<17 + 4096]byte

// ring is user space's end of the redo log's ring: bpf/log.h says how commits fill it.
type ring struct {
	maps     []*ebpf.Map
	segments []mapping[logSegment]
	marks    mapping[uint64]
	mask     uint64 // lines - 1
	at       uint64 // line of the first record not taken
	logged   uint64 // records up to this LSN are in the log already
}

// openRing creates the ring's segments, or takes those that an adopted engine has, and maps them.
func (db *DB) openRing() (*ring, error) {
	r := &ring{mask: db.options.LogBytes/logLine - 1}
	db.memory.Lock()
	defer db.memory.Unlock()
	for n := range uint32(db.options.LogBytes / logSegmentBytes) {
		m, err := db.logSegmentLocked(n)
		if err != nil {
			return r, err
		}
		r.maps = append(r.maps, m)
		memory, err := mapArray[logSegment](m)
		if err != nil {
			return r, fmt.Errorf("segment %d of the log's ring: %w", n, err)
		}
		r.segments = append(r.segments, memory)
	}
	var err error
	r.marks, err = mapArray[uint64](db.collection.Maps["bpfdb_log_marks"])
	return r, err
}

// logSegmentLocked is a segment of the ring: an adopted store has it already.
func (db *DB) logSegmentLocked(n uint32) (*ebpf.Map, error) {
	if db.recovered.Adopted {
		return innerMap(db.collection.Maps["bpfdb_log"], n)
	}
	return db.addSegmentLocked("bpfdb_log", db.memory.logSpec, n)
}

func (r *ring) close() (errs []error) {
	for i := range r.segments {
		errs = append(errs, r.segments[i].unmap())
	}
	for _, m := range r.maps {
		errs = append(errs, m.Close())
	}
	return append(errs, r.marks.unmap())
}

// from is the ring's memory from position `at`, in bytes, to the end of the slack of its segment.
func (r *ring) from(at uint64) []byte {
	at &= (r.mask+1)*logLine - 1
	return r.segments[at/logSegmentBytes].memory[at%logSegmentBytes:]
}

// batch is complete commits taken out of the ring, in the format of the log.
type batch struct {
	records     []byte
	first, last uint64 // LSNs
	count       int
	end         uint64 // where the ring goes on
}

// take collects complete commits until the batch has so many bytes or the next commit is not complete.
func (r *ring) take(b *batch, bytes int) {
	*b = batch{records: b.records[:0], end: r.at}
	for len(b.records) < bytes {
		lsn := atomic.LoadUint64(r.marks.at(int(b.end & r.mask)))
		if lsn <= b.end {
			return // as it was an earlier time round: this one is not complete yet
		}
		r.takeRecord(b, b.end*logLine)
		b.end = lsn
	}
}

// takeRecord appends the record at position `at`, unless its commit came to nothing.
func (r *ring) takeRecord(b *batch, at uint64) {
	header := r.from(at)[:redolog.RecordHeaderBytes]
	entries := binary.LittleEndian.Uint32(header[12:])
	if entries == 0 || binary.LittleEndian.Uint64(header) <= r.logged {
		return
	}
	b.last = binary.LittleEndian.Uint64(header)
	if b.count++; b.count == 1 {
		b.first = b.last
	}
	b.records = append(b.records, header...)
	at += redolog.RecordHeaderBytes
	for range entries {
		at += r.takeEntry(b, at)
	}
}

// takeEntry appends the entry at position `at`, its padding cleared, and returns its length.
func (r *ring) takeEntry(b *batch, at uint64) uint64 {
	memory := r.from(at)
	e := (*engineLogEntry)(unsafe.Pointer(&memory[0]))
	value := redolog.EntryHeaderBytes + (int(e.KeyLen)+7)&^7
	end := value + int(e.ValueLen)
	b.records = append(b.records, memory[:end]...)
	for ; end&7 != 0; end++ {
		b.records = append(b.records, 0)
	}
	return uint64(end)
}
