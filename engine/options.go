package engine

import (
	cryptorand "crypto/rand"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"bpfdb/engine/redolog"
)

// Limits of the engine; bpf/bpfdb.h has the same under BPFDB_MAX_*.
const (
	MaxKey       = 512   // bytes of a key
	MaxValue     = 65536 // bytes of a value
	MaxTxnReads  = 1024  // keys one transaction may read
	MaxTxnWrites = 1024  // keys one transaction may write
	MaxTxns      = 256   // transactions open at once, those of single commands included
	// MaxInteractiveTxns may be open at once by Begin and BEGIN.
	MaxInteractiveTxns = 192
	MaxRequest         = 1 << 20 // bytes of one request in a scratch area
	maxBatch           = 4096    // operations of one batch
	maxShards          = 64
)

const (
	segmentBytes       = 64 << 20
	segmentUnits       = segmentBytes / unitBytes
	unitBytes          = 16
	indexSegmentShift  = 16
	indexSegmentBytes  = 64 << indexSegmentShift
	firstLevel         = indexSegmentShift // log2 of the buckets at the start: TAG_FIRST_BIT in bpf/index.bpf.h
	minMemory          = 2 * segmentBytes
	maxMemory          = 1 << 40 // what a ref reaches
	indexShare         = 16      // one sixteenth of the memory is for the index
	maxConnectionLimit = 1 << 20
)

// Options say how large an engine may become.
type Options struct {
	// MemoryBytes bounds records and index; 128 MiB to 1 TiB, default 1 GiB. Kernel memory
	// is taken in segments of 64 MiB as data grows.
	MemoryBytes uint64
	// MaxConnections bounds the connection table; default 16384.
	MaxConnections int
	// KernelAreas are scratch areas (1.4 MiB each) for programs at hooks; default 4 per CPU.
	KernelAreas int
	// UserAreas are scratch areas for calls from Go, so also the most calls that run at once;
	// default 4 per CPU and at least 8.
	UserAreas int
	// HashSeed fixes the hash of keys, for reproducible experiments; 0 = a secret hash, with which nobody
	// can choose keys that collide.
	HashSeed uint64
	// TxnTimeout is how long a transaction of Begin or BEGIN may be idle before it is aborted;
	// 10 ms to 24 h, default 30 s.
	TxnTimeout time.Duration

	// Durability says what a commit is worth when its call returns; default DurabilityNone.
	Durability Durability
	// Dir is where redo log and checkpoints are; what is there already is recovered by Open.
	Dir string
	// FS replaces the directory, in tests.
	FS redolog.FS
	// AsyncWindow is how far back DurabilityAsync may lose commits in a crash; 10 ms to 1 h, default 1 s.
	AsyncWindow time.Duration
	// LogBytes is the kernel's buffer for commits on their way to the log, a power of two, 64 MiB to 1 GiB;
	// default 64 MiB, outside MemoryBytes.
	LogBytes uint64
	// CheckpointBytes is after how much log, and at least as much as the last checkpoint held, a
	// checkpoint is written unasked; default 256 MiB, NoCheckpoints: never.
	CheckpointBytes uint64
	// Pin is a directory in a BPF filesystem that keeps the data in the kernel when the engine is closed or
	// killed: the next Open with the same Pin adopts it. Empty: the data go with the engine.
	Pin string
	// Warn, when set, is told what goes wrong in the background, from goroutines of the engine.
	Warn func(error)
}

// withDefaults fills in what is zero.
func (o Options) withDefaults() Options {
	cpus := runtime.NumCPU()
	if o.MemoryBytes == 0 {
		o.MemoryBytes = 1 << 30
	}
	if o.MaxConnections == 0 {
		o.MaxConnections = 16384
	}
	if o.KernelAreas == 0 {
		o.KernelAreas = 4 * cpus
	}
	if o.UserAreas == 0 {
		o.UserAreas = max(8, 4*cpus)
	}
	if o.TxnTimeout == 0 {
		o.TxnTimeout = 30 * time.Second
	}
	return o.withLogDefaults()
}

// Validate reports the first option out of its range, as ErrOptions.
func (o Options) Validate() error {
	o = o.withDefaults()
	check := func(name string, value, least, most uint64) error {
		if value < least || value > most {
			return fmt.Errorf("%w: %s is %d, must be %d to %d", ErrOptions, name, value, least, most)
		}
		return nil
	}
	for _, c := range []error{
		check("memory", o.MemoryBytes, minMemory, maxMemory),
		check("max connections", uint64(int64(o.MaxConnections)), 1, maxConnectionLimit),
		check("kernel areas", uint64(int64(o.KernelAreas)), 1, 1024),
		check("user areas", uint64(int64(o.UserAreas)), 2, 1024),
		check("transaction timeout in ms", uint64(o.TxnTimeout.Milliseconds()), 10, 24*3600*1000),
		o.validateLog(),
	} {
		if c != nil {
			return c
		}
	}
	return nil
}

// indexSegments is how many index segments the memory limit allows.
func (o Options) indexSegments() uint64 {
	return max(1, o.MemoryBytes/indexShare/indexSegmentBytes)
}

// heapSegments is how many heap segments it allows beside them.
func (o Options) heapSegments() uint64 {
	return max(1, (o.MemoryBytes-o.indexSegments()*indexSegmentBytes)/segmentBytes)
}

// shards is the number of free-list shards: a power of two, one per CPU up to maxShards.
func shards() uint32 {
	n := uint32(1)
	for n < uint32(runtime.NumCPU()) && n < maxShards {
		n *= 2
	}
	return n
}

// hashKey is what makes the hash of keys this engine's own.
func (o Options) hashKey() (key [MaxKey / 8]uint64) {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], o.HashSeed)
	if o.HashSeed == 0 {
		cryptorand.Read(seed[:]) // never fails
	}
	source := rand.NewChaCha8(seed)
	for i := range key {
		key[i] = source.Uint64()
	}
	return key
}
