package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"sync/atomic"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

// adoptPatience is how long programs of the process that had the store may still run.
const adoptPatience = time.Second

// sizesOf takes over the options that sizes of a pinned store's maps follow from.
func (db *DB) sizesOf(adopted map[string]*ebpf.Map) {
	o := &db.options
	var c engineControl
	if err := adopted["bpfdb_control"].Lookup(uint32(0), &c); err != nil {
		return // adopt will say so
	}
	o.KernelAreas = int(c.ScratchCount)
	o.UserAreas = int(adopted["bpfdb_scratches"].MaxEntries()) - o.KernelAreas
	o.MaxConnections = int(adopted["bpfdb_conns"].MaxEntries())
	if lines := uint64(adopted["bpfdb_log_marks"].MaxEntries()); lines > 1 {
		o.LogBytes = lines * logLine
	}
}

// adopt takes over the store in the maps: what its last owner had under way is ended.
func (db *DB) adopt(layout uint64) error {
	c, start := db.control.at(0), time.Now()
	defer func() { db.recovered.Duration = time.Since(start) }()
	if err := db.adoptable(c, layout); err != nil {
		return err
	}
	db.recovered.Adopted = true
	if err := db.awaitPrograms(int(c.ScratchCount)); err != nil {
		return err
	}
	args := engineMaintainArgs{}
	if err := errors.Join(call(db.programs.Abandon, &args), db.forgetConnections()); err != nil {
		return err
	}
	for i := range db.options.UserAreas {
		db.scratches.at(db.options.KernelAreas + i).Busy = 0
	}
	c.TxnTimeoutNs = uint64(db.options.TxnTimeout.Nanoseconds())
	db.memory.Lock()
	defer db.memory.Unlock()
	var err error
	if db.memory.heap, err = innerMaps(db.collection.Maps["bpfdb_heap"]); err != nil {
		return err
	}
	if db.memory.index, err = innerMaps(db.collection.Maps["bpfdb_index"]); err != nil {
		return err
	}
	// The owner may have ended between adding a segment and saying so.
	atomic.StoreUint64(&c.HeapEnd, uint64(len(db.memory.heap))*segmentUnits)
	return nil
}

// adoptable says why the store cannot be used with these options.
func (db *DB) adoptable(c *engineControl, layout uint64) error {
	o := db.options
	remove := fmt.Sprintf("start with the same options, or remove it with rm -r %s", o.Pin)
	switch {
	case c.Layout != layout:
		return db.otherVersion()
	case c.HeapMax != o.heapSegments()*segmentUnits || c.IndexMax != o.indexSegments()<<indexSegmentShift:
		return fmt.Errorf("%w: it has another memory limit; %s", ErrPinned, remove)
	case c.LogMask != 0 && !o.logged():
		return fmt.Errorf("%w: it has a redo log, and durability none would end it; %s", ErrPinned, remove)
	case c.LogMask == 0 && o.logged():
		return fmt.Errorf("%w: it has no redo log; %s", ErrPinned, remove)
	}
	return nil
}

func (db *DB) otherVersion() error {
	return fmt.Errorf("%w: another version of this program made it; remove it with rm -r %s, "+
		"and what has a redo log will be recovered from that", ErrPinned, db.options.Pin)
}

// finishFlush frees what a FLUSHALL has removed whose process ended before it could.
func (db *DB) finishFlush() error {
	if atomic.LoadUint64(&db.control.at(0).Pruning) == 0 {
		return nil
	}
	return db.pruneAll()
}

// awaitPrograms returns when no program of the last owner is running: those at hooks hold an area.
func (db *DB) awaitPrograms(areas int) error {
	for end := time.Now().Add(adoptPatience); ; time.Sleep(time.Millisecond) {
		busy := 0
		for i := range areas {
			if atomic.LoadUint64(&db.scratches.at(i).Busy) != 0 {
				busy++
			}
		}
		if busy == 0 {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("%w: %d programs still use it after %v", ErrPinned, busy, adoptPatience)
		}
	}
}

// forgetConnections drops what connections have left.
func (db *DB) forgetConnections() error {
	conns := db.collection.Maps["bpfdb_conns"]
	var cookies []uint64
	var cookie uint64
	var c engineConn
	for all := conns.Iterate(); all.Next(&cookie, &c); {
		cookies = append(cookies, cookie)
	}
	for _, cookie := range cookies {
		args := engineServeArgs{Cookie: cookie}
		if err := call(db.programs.Forget, &args); err != nil {
			return err
		}
	}
	return nil
}

// innerMaps opens the maps in an array of maps, which has them from the start without a gap.
func innerMaps(outer *ebpf.Map) (inner []*ebpf.Map, err error) {
	for n := range outer.MaxEntries() {
		m, err := innerMap(outer, n)
		if errors.Is(err, ebpf.ErrKeyNotExist) {
			break
		}
		if err != nil {
			return inner, err
		}
		inner = append(inner, m)
	}
	return inner, nil
}

func innerMap(outer *ebpf.Map, n uint32) (*ebpf.Map, error) {
	var id uint32
	if err := outer.Lookup(n, &id); err != nil {
		return nil, fmt.Errorf("segment %d of %s: %w", n, outer, err)
	}
	m, err := ebpf.NewMapFromID(ebpf.MapID(id))
	if err != nil {
		return nil, fmt.Errorf("segment %d of %s: %w", n, outer, err)
	}
	return m, nil
}

// layoutOf is a hash of the structures that a pinned store consists of: their members' names, places and sizes.
func layoutOf(spec *ebpf.CollectionSpec) uint64 {
	h := fnv.New64a()
	for _, name := range []string{
		"control", "shard", "bucket", "record", "txn", "scratch", "conn", "log_record", "log_entry",
	} {
		var s *btf.Struct
		if err := spec.Types.TypeByName(name, &s); err != nil {
			io.WriteString(h, name)
			continue
		}
		hashStruct(h, s)
	}
	return h.Sum64()
}

func hashStruct(h io.Writer, s *btf.Struct) {
	fmt.Fprintf(h, "%s %d;", s.Name, s.Size)
	for _, m := range s.Members {
		size, _ := btf.Sizeof(m.Type)
		_ = binary.Write(h, binary.LittleEndian, []uint64{uint64(m.Offset), uint64(size)})
		io.WriteString(h, m.Name)
		if inner, ok := btf.UnderlyingType(m.Type).(*btf.Struct); ok {
			hashStruct(h, inner)
		}
	}
}
