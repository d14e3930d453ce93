package microbench

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"bpfdb/engine"
)

const (
	keyBytes = 16
	chunk    = 1 << 16 // operations of one program run: some 20 ms
)

// Setting is one table to measure.
type Setting struct {
	Keys       uint64
	ValueBytes int
	CPUs       []int         // run on 1, 2, ... CPUs at once
	Duration   time.Duration // of each measurement
	Rounds     int           // every operation is measured once a round, one after the other
}

// Point is one measurement.
type Point struct {
	Op         string // one of results.EngineOps
	CPUs       int
	Keys       uint64
	ValueBytes int
	RateOps    float64 // operations per second, all CPUs together
	NSPerOp    float64 // of one CPU
	// OverheadBytes per key: bytes of blocks and buckets in use, less keys and values.
	OverheadBytes float64
}

// op is what a measurement repeats; batch: keys arrive 16 at a time.
type op struct {
	name  string
	code  benchBenchCode
	batch uint32
}

var ops = []op{
	{"get", benchBenchCodeBENCH_GET, 0},
	{"get16", benchBenchCodeBENCH_GET, 1},
	{"set", benchBenchCodeBENCH_SET, 0},
	{"set16", benchBenchCodeBENCH_SET, 1},
	{"txn_get4", benchBenchCodeBENCH_TXN_GET, 0},
	{"txn_set4", benchBenchCodeBENCH_TXN_SET, 0},
	{"txn_rmw4", benchBenchCodeBENCH_TXN_RMW, 0},
}

// Run loads a fresh engine with the setting's keys and measures every op.
// report, if not nil, is called with every point.
func Run(ctx context.Context, setting Setting, report func(Point)) error {
	record := uint64(setting.ValueBytes + 256)
	memory := max(256<<20, setting.Keys*record*5/4)
	db, err := engine.Open(engine.Options{MemoryBytes: memory, HashSeed: 1})
	if err != nil {
		return err
	}
	defer db.Close()
	b, err := load(db)
	if err != nil {
		return err
	}
	defer b.collection.Close()
	if err := b.fill(ctx, setting); err != nil {
		return fmt.Errorf("load %d keys: %w", setting.Keys, err)
	}
	stats := db.Stats()
	if stats.Keys != int64(setting.Keys) {
		return fmt.Errorf("loaded %d keys, the engine holds %d", setting.Keys, stats.Keys)
	}
	data := int64(setting.Keys) * int64(keyBytes+setting.ValueBytes)
	overhead := float64(stats.Used+stats.Index-data) / float64(setting.Keys)
	for range max(1, setting.Rounds) {
		if err := b.round(ctx, setting, overhead, report); err != nil {
			return err
		}
	}
	return nil
}

// round measures every operation once.
func (b *bench) round(ctx context.Context, setting Setting, overhead float64, report func(Point)) error {
	for _, op := range ops {
		for _, cpus := range setting.CPUs {
			rate, ns, err := b.measure(ctx, op, setting, cpus)
			if err != nil {
				return fmt.Errorf("%s on %d CPUs: %w", op.name, cpus, err)
			}
			if report != nil {
				report(Point{op.name, cpus, setting.Keys, setting.ValueBytes, rate, ns, overhead})
			}
		}
	}
	return nil
}

// bench is the loaded benchmark program.
type bench struct {
	db         *engine.DB
	collection *ebpf.Collection
	program    *ebpf.Program
}

func load(db *engine.DB) (*bench, error) {
	spec, err := loadBench()
	if err != nil {
		return nil, fmt.Errorf("read the embedded benchmark: %w", err)
	}
	collection, err := ebpf.NewCollectionWithOptions(spec, db.CollectionOptions(spec))
	if err != nil {
		return nil, fmt.Errorf("load the benchmark: %w", err)
	}
	return &bench{db, collection, collection.Programs["bpfdb_bench"]}, nil
}

// run executes args once, growing the engine when it asks.
func (b *bench) run(args *benchBenchArgs) error {
	in := unsafe.Slice((*byte)(unsafe.Pointer(args)), unsafe.Sizeof(*args))
	out := make([]byte, len(in))
	if _, err := b.program.Run(&ebpf.RunOptions{Context: in, ContextOut: out}); err != nil {
		return fmt.Errorf("run %s: %w", b.program, err)
	}
	copy(in, out)
	switch errno := unix.Errno(-args.Error); errno {
	case 0, unix.EBUSY:
		return nil
	case unix.ENOSPC:
		return b.db.Grow()
	default:
		return errno
	}
}

// fill writes keys 0, 1, ... and lets the index grow to their number.
func (b *bench) fill(ctx context.Context, setting Setting) error {
	area, err := b.db.ClaimArea()
	if err != nil {
		return err
	}
	defer area.Release()
	for next := uint64(0); next < setting.Keys; {
		if err := ctx.Err(); err != nil {
			return err
		}
		args := benchBenchArgs{
			Code: benchBenchCodeBENCH_LOAD, Scratch: area.ID(), First: next,
			Ops: uint32(min(chunk, setting.Keys-next)), ValueLen: uint32(setting.ValueBytes),
		}
		if err := b.run(&args); err != nil {
			return err
		}
		next += uint64(args.Done)
	}
	return b.db.Grow()
}

// measure runs op on cpus CPUs for the setting's duration.
func (b *bench) measure(ctx context.Context, op op, setting Setting, cpus int) (rate, ns float64, err error) {
	type outcome struct {
		ops, elapsed uint64
		err          error
	}
	outcomes := make([]outcome, cpus)
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	ready.Add(cpus)
	for cpu := range cpus {
		done.Go(func() { // ends after the duration, or with ctx
			o := &outcomes[cpu]
			undo, err := pin(cpu)
			ready.Done()
			if err != nil {
				o.err = err
				return
			}
			defer undo()
			<-start
			o.ops, o.elapsed, o.err = b.loop(ctx, op, setting, uint64(cpu+1))
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	var ops, elapsed uint64
	for _, o := range outcomes {
		err = errors.Join(err, o.err)
		if o.elapsed > 0 {
			rate += float64(o.ops) / float64(o.elapsed) * 1e9
		}
		ops += o.ops
		elapsed += o.elapsed
	}
	if err != nil || ops == 0 {
		return 0, 0, errors.Join(err, ctx.Err())
	}
	return rate, float64(elapsed) / float64(ops), nil
}

func (b *bench) loop(ctx context.Context, op op, setting Setting, seed uint64) (ops, elapsed uint64, err error) {
	area, err := b.db.ClaimArea()
	if err != nil {
		return 0, 0, err
	}
	defer area.Release()
	args := benchBenchArgs{
		Code: op.code, Batch: op.batch, Scratch: area.ID(), First: seed * 0x9e3779b97f4a7c15, Keys: setting.Keys,
		Ops: chunk, ValueLen: uint32(setting.ValueBytes),
	}
	for until := time.Now().Add(setting.Duration); time.Now().Before(until) && ctx.Err() == nil; {
		if err := b.run(&args); err != nil {
			return ops, elapsed, err
		}
		args.First = args.State
		ops += uint64(args.Done)
		elapsed += args.ElapsedNs
	}
	return ops, elapsed, ctx.Err()
}

// pin binds the calling goroutine's thread to one CPU; undo restores it.
func pin(cpu int) (undo func(), err error) {
	runtime.LockOSThread()
	var before, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return nil, fmt.Errorf("read the CPU affinity: %w", err)
	}
	one.Set(cpu)
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return nil, fmt.Errorf("pin to CPU %d: %w", cpu, err)
	}
	return func() {
		_ = unix.SchedSetaffinity(0, &before)
		runtime.UnlockOSThread()
	}, nil
}
