package driver

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"bpfdb/workloads"
)

// phaseKind selects what the measured phase sends.
type phaseKind uint8

const (
	loading phaseKind = iota
	reading           // every record once
	running
)

// backend is a driver with its connections open.
type backend interface {
	// run sends the operations of worker i over connection i until there are none or the
	// phase is over. It returns the first error that ended it early; the recorders hold what
	// was answered until then.
	run(ctx context.Context, p *phase) error
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
	if kind != running {
		cfg.Rate, cfg.Speed, cfg.First, cfg.Total, cfg.Warmup, cfg.Window = 0, 0, 0, 0, Warmup{}, 0
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if kind != running && cfg.Mode != "" {
		return nil, bad("workload", cfg.Workload.Name, "operations on single keys: package transactor loads others")
	}
	if kind == reading && cfg.Trace != nil {
		return nil, bad("trace", "given", "none: what it leaves behind is not read back")
	}
	cfg = cfg.withDefaults()
	measured := length{operations: cfg.Operations, duration: cfg.Duration}
	if kind == running && cfg.Trace == nil && measured.operations == 0 && measured.duration == 0 {
		return nil, bad("operations", cfg.Operations, "at least 1, or a duration")
	}
	b, err := newBackend(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer b.close()
	var warmed Warmed
	if kind == running && cfg.warms() {
		if warmed, err = warmUp(ctx, cfg, b); err != nil {
			return nil, fmt.Errorf("warm-up: %w", err)
		}
	}
	var p *phase
	if kind != running {
		p, err = recordsPhase(cfg, kind)
		measured = length{operations: endless} // nothing but its records ends it
	} else {
		p, err = runPhase(cfg, workloads.Measured, measured)
	}
	if err != nil {
		return nil, err
	}
	res, err := measure(ctx, cfg, b, p, measured)
	res.Warmed = warmed
	if res.Transactions != nil {
		res.Transactions.WarmupDrawn = warmed.drawn
	}
	return res, err
}

func measure(ctx context.Context, cfg Config, b backend, p *phase, l length) (*Result, error) {
	cfg.Starting()
	stop := reportProgress(cfg, b, p.total)
	cpu := processCPU()
	p.start = time.Now()
	disarm := p.endAfter(cfg, l)
	err := b.run(ctx, p)
	elapsed, used := time.Since(p.start), processCPU().since(cpu)
	disarm()
	cfg.Finished()
	stop()
	res := collect(b.recorders(), cfg.open())
	res.ElapsedNS, res.ClientCPUNS = elapsed.Nanoseconds(), used.total().Nanoseconds()
	res.Client = judgeClient(cfg, res, b.recorders(), used)
	if cfg.Mode != "" {
		res.Transactions = transactionsOf(b.recorders(), p)
	}
	for i := range p.workers {
		res.Digests = append(res.Digests, p.workers[i].sum())
	}
	return res, err
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
