package engine

import (
	"strings"

	"github.com/cilium/ebpf"
)

// CollectionOptions lets another eBPF object that includes the engine's headers work on
// this engine: load spec with the options it returns. Maps of spec whose names begin with
// "bpfdb_" and that the engine owns are replaced by the engine's.
func (db *DB) CollectionOptions(spec *ebpf.CollectionSpec) ebpf.CollectionOptions {
	shared := make(map[string]*ebpf.Map)
	for name, m := range db.collection.Maps {
		declared, ok := spec.Maps[name]
		if !ok || !strings.HasPrefix(name, "bpfdb_") {
			continue
		}
		declared.MaxEntries = m.MaxEntries() // sizes are the engine's to choose
		shared[name] = m
	}
	return ebpf.CollectionOptions{MapReplacements: shared}
}
