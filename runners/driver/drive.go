package driver

import (
	"context"
	"fmt"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"

	"bpfdb/workloads"

	"golang.org/x/sys/unix"
)

// phaseKind selects what the measured phase sends.
type phaseKind uint8

const (
	loading phaseKind = iota
	running
)

// source yields the operations of one worker.
type source interface {
	Next() workloads.Op
	Digest() uint64
}

// worker is the work of one connection in one phase.
type worker struct {
	ops  source
	left uint64 // operations not drawn yet
}

// backend is a driver with its connections open.
type backend interface {
	// run sends every operation of workers[i] over connection i. It returns the first
	// error that ended it early; the recorders hold what was answered until then.
	run(ctx context.Context, workers []worker) error
	// recorders are those of all goroutines; they keep counting from phase to phase.
	recorders() []*recorder
	close()
}

// together runs f for 0 to n-1 at once and returns when all have. The first error cancels
// the context of the others and is returned.
func together(ctx context.Context, n int, f func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var failed atomic.Bool
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if err := f(ctx, i); err != nil {
				failed.Store(true)
				cancel(err)
			}
		})
	}
	wg.Wait()
	if failed.Load() {
		return context.Cause(ctx)
	}
	return nil
}

func newBackend(ctx context.Context, cfg Config) (backend, error) {
	switch cfg.Driver {
	case Raw:
		return newRaw(ctx, cfg)
	case GoRedis:
		return newGoRedis(ctx, cfg)
	}
	return nil, bad("driver", cfg.Driver, Raw+" or "+GoRedis)
}

func drive(ctx context.Context, cfg Config, kind phaseKind) (*Result, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	if kind == running && cfg.Operations == 0 {
		return nil, bad("operations", cfg.Operations, "at least 1")
	}
	b, err := newBackend(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer b.close()
	if kind == running && cfg.WarmupOperations > 0 {
		if err := warmUp(ctx, cfg, b); err != nil {
			return nil, fmt.Errorf("warm-up: %w", err)
		}
	}
	workers, total, err := measuredWork(cfg, kind)
	if err != nil {
		return nil, err
	}
	return measure(ctx, cfg, b, workers, total)
}

// warmUp sends operations of another seed, so that the measured stream is the same with
// and without it, and forgets what it recorded.
func warmUp(ctx context.Context, cfg Config, b backend) error {
	workers, err := streams(cfg, ^cfg.Seed, cfg.WarmupOperations)
	if err != nil {
		return err
	}
	stop := reportProgress(cfg, b, cfg.WarmupOperations)
	err = b.run(ctx, workers)
	stop()
	for _, r := range b.recorders() {
		r.reset()
	}
	return err
}

func measure(ctx context.Context, cfg Config, b backend, workers []worker, total uint64) (*Result, error) {
	cfg.Starting()
	stop := reportProgress(cfg, b, total)
	cpu, start := processCPU(), time.Now()
	err := b.run(ctx, workers)
	elapsed, cpu := time.Since(start), processCPU()-cpu
	cfg.Finished()
	stop()
	res := collect(b.recorders())
	res.ElapsedNS, res.ClientCPUNS = elapsed.Nanoseconds(), cpu.Nanoseconds()
	for _, w := range workers {
		res.OpStreamDigest = foldDigest(res.OpStreamDigest, w.ops.Digest())
	}
	return res, err
}

func foldDigest(digest, next uint64) uint64 {
	return (bits.RotateLeft64(digest, 23) ^ next) * 0xff51afd7ed558ccd
}

func measuredWork(cfg Config, kind phaseKind) (workers []worker, total uint64, err error) {
	if kind == running {
		workers, err = streams(cfg, cfg.Seed, cfg.Operations)
		return workers, cfg.Operations, err
	}
	workers = make([]worker, cfg.Connections)
	for i := range workers {
		ops, err := workloads.NewLoadOps(cfg.Workload, i, cfg.Connections)
		if err != nil {
			return nil, 0, err
		}
		workers[i] = worker{ops: ops, left: ops.Len()}
		total += ops.Len()
	}
	return workers, total, nil
}

func streams(cfg Config, seed, operations uint64) ([]worker, error) {
	workers := make([]worker, cfg.Connections)
	for i := range workers {
		ops, err := workloads.NewStream(cfg.Workload, seed, i, cfg.Connections)
		if err != nil {
			return nil, err
		}
		_, count := workloads.Share(operations, i, cfg.Connections)
		workers[i] = worker{ops: ops, left: count}
	}
	return workers, nil
}

// progressInterval is short enough for a lively line and too long to cost anything.
const progressInterval = 100 * time.Millisecond

// reportProgress calls cfg.Progress until the returned function is called, which waits
// for the last call to return.
func reportProgress(cfg Config, b backend, total uint64) (stop func()) {
	quit, ended := make(chan struct{}), make(chan struct{})
	report := func() {
		var done uint64
		for _, r := range b.recorders() {
			done += r.done.Load()
		}
		cfg.Progress(done, total)
	}
	go func() { // ends when stop closes quit
		defer close(ended)
		tick := time.NewTicker(progressInterval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				report()
			case <-quit:
				report()
				return
			}
		}
	}()
	return func() {
		close(quit)
		<-ended
	}
}

// processCPU is the user and system time this process has used.
func processCPU() time.Duration {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		return 0 // cannot happen: the arguments are constant and valid
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
