package engine

import (
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/cilium/ebpf/btf"
)

// Stats is what the engine counts. All figures are sums over CPUs read without stopping
// anybody, so they belong to slightly different moments.
type Stats struct {
	Keys        int64 // keys in the store
	Used        int64 // bytes in records and overflow buckets
	Overflow    int64 // overflow buckets, 64 bytes each
	Versions    int64 // replaced or deleted versions, kept for snapshots until pruned
	Snapshots   int64 // open snapshots
	Txns        int64 // open transactions of Begin and BEGIN
	Index       int64 // bytes of buckets in use
	Reserved    int64 // kernel memory taken for segments, bytes
	MemoryLimit int64 // Options.MemoryBytes
	// Counters by name, see enum counter in bpf/bpfdb.h.
	Counters map[string]uint64
}

// Len is the number of keys.
func (db *DB) Len() int64 {
	keys := int64(0)
	for i := range int(db.control.at(0).ShardMask) + 1 {
		keys += atomic.LoadInt64(&db.shards.at(i).Keys)
	}
	return keys
}

// Stats reads all figures.
func (db *DB) Stats() Stats {
	s := Stats{
		Keys:        db.Len(),
		Index:       int64(db.buckets()) * 64,
		MemoryLimit: int64(db.options.MemoryBytes),
		Snapshots:   int64(uint32(atomic.LoadUint64(&db.control.at(0).Snapshots))),
		Txns:        int64(atomic.LoadUint32(&db.control.at(0).Interactive)),
		Counters:    make(map[string]uint64, len(db.counterNames)),
	}
	db.memory.Lock()
	s.Reserved = int64(len(db.memory.heap))*segmentBytes + int64(len(db.memory.index))*indexSegmentBytes
	db.memory.Unlock()
	for i := range int(db.control.at(0).ShardMask) + 1 {
		shard := db.shards.at(i)
		s.Used += atomic.LoadInt64(&shard.Used)
		s.Overflow += atomic.LoadInt64(&shard.Overflow)
		s.Versions += atomic.LoadInt64(&shard.Versions)
		for c, name := range db.counterNames {
			s.Counters[name] += atomic.LoadUint64(&shard.Counters[c])
		}
	}
	return s
}

// counterNames reads enum counter from the object's type information, so that a counter
// is named in one place: COUNTER_GET_HITS becomes get_hits.
func counterNames(types *btf.Spec) ([]string, error) {
	var counters *btf.Enum
	if err := types.TypeByName("counter", &counters); err != nil {
		return nil, fmt.Errorf("names of the counters: %w", err)
	}
	names := make([]string, engineCounterCOUNTER_NR)
	for _, c := range counters.Values {
		if c.Value < uint64(len(names)) {
			names[c.Value] = strings.ToLower(strings.TrimPrefix(c.Name, "COUNTER_"))
		}
	}
	return names, nil
}
