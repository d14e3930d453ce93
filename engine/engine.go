package engine

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/rlimit"

	"bpfdb/engine/redolog"
	"bpfdb/internal/bpfload"
)

// DB is an engine in the kernel.
type DB struct {
	options    Options
	collection *ebpf.Collection
	programs   programs
	control    mapping[engineControl]
	shards     mapping[engineShard]
	scratches  mapping[engineScratch]
	marks      mapping[uint64] // regions to prune, one bit each
	areas      chan *Area

	counterNames []string

	memory struct {
		sync.Mutex
		heap, index []*ebpf.Map // segments, kept because closing one would free it
		heapSpec    *ebpf.MapSpec
		indexSpec   *ebpf.MapSpec
		logSpec     *ebpf.MapSpec
	}
	flush sync.Mutex // one FLUSHALL at a time

	files       *redolog.Log // nil without a directory
	pump        *logPump     // nil without a redo log
	recovered   Recovered
	pins        *pins // nil unless pinned
	checkpoints checkpoints

	txnTokens  atomic.Uint64
	maintainer maintainer
	closeOnce  sync.Once
}

// programs are the SYSCALL programs of engine.bpf.c.
type programs struct {
	Operate  *ebpf.Program `ebpf:"bpfdb_operate"`
	Call     *ebpf.Program `ebpf:"bpfdb_call"`
	Transact *ebpf.Program `ebpf:"bpfdb_transact"`
	Split    *ebpf.Program `ebpf:"bpfdb_split"`
	Flush    *ebpf.Program `ebpf:"bpfdb_flush"`
	Prune    *ebpf.Program `ebpf:"bpfdb_prune"`
	Scan     *ebpf.Program `ebpf:"bpfdb_scan"`
	Abandon  *ebpf.Program `ebpf:"bpfdb_abandon"`
	Forget   *ebpf.Program `ebpf:"bpfdb_forget"`
	Reap     *ebpf.Program `ebpf:"bpfdb_reap"`
	Serve    *ebpf.Program `ebpf:"bpfdb_serve"`
}

// close closes what Assign took out of the collection.
func (p *programs) close() error {
	return errors.Join(p.Operate.Close(), p.Call.Close(), p.Transact.Close(), p.Split.Close(), p.Flush.Close(),
		p.Prune.Close(), p.Scan.Close(), p.Abandon.Close(), p.Forget.Close(), p.Reap.Close(), p.Serve.Close())
}

// Open loads an empty engine into the kernel. It fails with ErrOptions, or ErrUnsupported
// naming the privilege or feature that is missing; then nothing stays in the kernel.
func Open(options Options) (*DB, error) {
	if err := options.Validate(); err != nil {
		return nil, err
	}
	if runtime.GOARCH != "amd64" {
		return nil, fmt.Errorf("%w: the lock-free readers need x86-64's memory order, this is %s",
			ErrUnsupported, runtime.GOARCH)
	}
	options = options.withDefaults()
	// Kernels since 5.11 charge BPF memory to the cgroup; the limit matters to none we support.
	if err := rlimit.RemoveMemlock(); err != nil {
		return nil, loadError("engine", err)
	}
	db := &DB{options: options, areas: make(chan *Area, options.UserAreas)}
	if err := db.load(); err != nil {
		return nil, errors.Join(err, db.release())
	}
	db.maintainer.start(db)
	if err := db.finishFlush(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := db.openLog(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := db.pin(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	db.recovered.Keys = db.Len()
	return db, nil
}

// load creates maps and programs and lays out the empty store.
func (db *DB) load() error {
	spec, err := loadEngine()
	if err != nil {
		return fmt.Errorf("read the embedded engine: %w", err)
	}
	if db.counterNames, err = counterNames(spec.Types); err != nil {
		return err
	}
	db.memory.heapSpec = spec.Maps["bpfdb_heap"].InnerMap
	db.memory.indexSpec = spec.Maps["bpfdb_index"].InnerMap
	db.memory.logSpec = spec.Maps["bpfdb_log"].InnerMap
	adopted, err := db.openPins()
	if err != nil {
		return err
	}
	var maps ebpf.CollectionOptions
	if adopted != nil {
		defer closeMaps(adopted)
		maps.MapReplacements = adopted
		if err := awaitOwner(adopted["bpfdb_control"]); err != nil {
			return err
		}
		db.sizesOf(adopted)
	}
	db.size(spec, adopted)
	db.collection, err = bpfload.Load(spec, maps)
	if errors.Is(err, ebpf.ErrMapIncompatible) && adopted != nil {
		return db.otherVersion()
	}
	if err != nil {
		return loadError("engine", err)
	}
	if err := db.collection.Assign(&db.programs); err != nil {
		return fmt.Errorf("engine programs: %w", err)
	}
	if err := db.mapMemory(); err != nil {
		return err
	}
	layout := layoutOf(spec)
	if adopted != nil {
		err = db.adopt(layout)
	} else {
		err = db.format()
		db.control.at(0).Layout = layout
	}
	if err != nil {
		return err
	}
	for i := range db.options.UserAreas {
		id := uint32(db.options.KernelAreas + i)
		db.areas <- &Area{db: db, id: id, scratch: db.scratches.at(int(id))}
	}
	return nil
}

// size sets the sizes of maps that depend on the options; those of a pinned store have theirs.
func (db *DB) size(spec *ebpf.CollectionSpec, adopted map[string]*ebpf.Map) {
	spec.Maps["bpfdb_scratches"].MaxEntries = uint32(db.options.KernelAreas + db.options.UserAreas)
	spec.Maps["bpfdb_conns"].MaxEntries = uint32(db.options.MaxConnections)
	spec.Maps["bpfdb_marks"].MaxEntries = uint32(db.options.indexSegments() << indexSegmentShift / bucketsPerMark)
	if db.options.logged() {
		spec.Maps["bpfdb_log_marks"].MaxEntries = uint32(db.options.LogBytes / logLine)
	}
	for name, m := range adopted {
		spec.Maps[name].MaxEntries = m.MaxEntries()
	}
}

func (db *DB) mapMemory() (err error) {
	if db.control, err = mapArray[engineControl](db.collection.Maps["bpfdb_control"]); err != nil {
		return err
	}
	if db.shards, err = mapArray[engineShard](db.collection.Maps["bpfdb_shards"]); err != nil {
		return err
	}
	if db.marks, err = mapArray[uint64](db.collection.Maps["bpfdb_marks"]); err != nil {
		return err
	}
	db.scratches, err = mapArray[engineScratch](db.collection.Maps["bpfdb_scratches"])
	return err
}

// format lays out an empty store: one index segment, one heap segment, all transactions free.
func (db *DB) format() error {
	c := db.control.at(0)
	c.HashKey = db.options.hashKey()
	c.ShardMask = shards() - 1
	c.ScratchCount = uint32(db.options.KernelAreas)
	c.HeapMax = db.options.heapSegments() * segmentUnits
	c.IndexMax = db.options.indexSegments() << indexSegmentShift
	c.HeapCursor = 1 // ref 0 names nothing
	c.Clock = 1      // and timestamp 0 is of no snapshot
	c.TxnTimeoutNs = uint64(db.options.TxnTimeout.Nanoseconds())
	c.IndexState = firstLevel<<32 | 1<<firstLevel
	if err := db.formatTxns(); err != nil {
		return err
	}
	db.memory.Lock()
	defer db.memory.Unlock()
	if err := db.addIndexLocked(); err != nil {
		return err
	}
	return db.addHeapLocked()
}

// formatTxns chains all transactions into the free list.
func (db *DB) formatTxns() error {
	txns := db.collection.Maps["bpfdb_txns"]
	for i := uint32(0); i < MaxTxns; i++ {
		// Numbers are index + 1; the last has none behind it.
		free := &engineTxn{NextFree: (i + 2) % (MaxTxns + 1)}
		if err := txns.Put(i, free); err != nil {
			return fmt.Errorf("lay out transactions: %w", err)
		}
	}
	db.control.at(0).TxnFree = 1
	return nil
}

// Options are those the engine was opened with, defaults filled in.
func (db *DB) Options() Options { return db.options }

// Close removes the engine from the kernel. Calls still running fail or finish first;
// programs of others that embed the engine keep its maps until they are gone too.
func (db *DB) Close() error {
	var err error
	db.closeOnce.Do(func() {
		db.checkpoints.canceled.Store(true)
		db.checkpoints.running.Lock() // waits for one under way
		db.maintainer.stop()
		for range db.options.UserAreas { // waits for the calls under way
			<-db.areas
		}
		close(db.areas)
		err = errors.Join(db.closeLog(), db.release())
	})
	return err
}

func (db *DB) release() error {
	errs := []error{db.control.unmap(), db.shards.unmap(), db.marks.unmap(), db.scratches.unmap(),
		db.programs.close()}
	if db.collection != nil {
		db.collection.Close()
	}
	for _, m := range append(db.memory.heap, db.memory.index...) {
		errs = append(errs, m.Close())
	}
	return errors.Join(append(errs, db.pins.close())...)
}
