package transactor

import (
	"context"
	"fmt"
	"math/bits"
	"sync"
	"time"

	"bpfdb/runners/transaction"
	"bpfdb/workloads"

	"golang.org/x/sys/unix"
)

// pool is all connections; connection i belongs to thread i mod Threads.
type pool struct {
	cfg     Config
	threads []*thread
	conns   []*conn
	streams []*workloads.TxnStream // of the latest phase
}

func newPool(ctx context.Context, cfg Config) (*pool, error) {
	p := &pool{cfg: cfg}
	for range min(cfg.Threads, cfg.Connections) {
		t, err := newThread(cfg)
		if err != nil {
			p.close()
			return nil, err
		}
		p.threads = append(p.threads, t)
	}
	for i := range cfg.Connections {
		session, err := transaction.NewSession(cfg.Mode, cfg.Workload, cfg.Tries)
		if err != nil {
			p.close()
			return nil, err
		}
		fd, err := cfg.dial(ctx)
		if err != nil {
			p.close()
			return nil, fmt.Errorf("connection %d: %w", i, err)
		}
		c := &conn{fd: fd, session: session}
		p.conns = append(p.conns, c)
		if err := p.threads[i%len(p.threads)].adopt(c); err != nil {
			p.close()
			return nil, err
		}
	}
	return p, nil
}

func (p *pool) close() {
	for _, c := range p.conns {
		unix.Close(c.fd)
	}
	for _, t := range p.threads {
		unix.Close(t.epoll)
	}
}

// phase executes a number of transactions.
func (p *pool) phase(ctx context.Context, phase workloads.Phase, operations uint64) error {
	p.streams = p.streams[:0]
	for i, c := range p.conns {
		seed := transaction.PhaseSeed(p.cfg.Seed, phase)
		stream, err := workloads.NewTxnStream(p.cfg.Workload, seed, i, len(p.conns), phase)
		if err != nil {
			return err
		}
		p.streams = append(p.streams, stream)
		c.stream = stream
		_, c.left = workloads.Share(operations, i, len(p.conns))
	}
	stop := p.report(operations)
	defer stop()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	errs := make([]error, len(p.threads))
	var wg sync.WaitGroup
	for i, t := range p.threads {
		wg.Go(func() {
			if errs[i] = t.run(ctx); errs[i] != nil {
				cancel(errs[i]) // the first one ends the others
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}

// forget drops what was measured, but not what the data owes its state to.
func (p *pool) forget() {
	for _, t := range p.threads {
		t.rec.ever.Merge(&t.rec.ledger)
		t.rec.forget()
	}
}

func (p *pool) measure(ctx context.Context) (*Result, error) {
	p.cfg.Starting()
	cpu, start := processCPU(), time.Now()
	err := p.phase(ctx, workloads.Measured, p.cfg.Operations)
	res := &Result{ElapsedNS: time.Since(start).Nanoseconds(), ClientCPUNS: (processCPU() - cpu).Nanoseconds()}
	p.cfg.Finished()
	recorders := make([]*recorder, len(p.threads))
	for i, t := range p.threads {
		recorders[i] = t.rec
	}
	collect(res, recorders)
	for _, stream := range p.streams {
		res.OpStreamDigest = (bits.RotateLeft64(res.OpStreamDigest, 23) ^ stream.Digest()) * 0xff51afd7ed558ccd
	}
	return res, err
}

// report calls Progress about ten times a second until the returned function is called.
func (p *pool) report(total uint64) (stop func()) {
	quit, ended := make(chan struct{}), make(chan struct{})
	report := func() {
		var done uint64
		for _, t := range p.threads {
			done += t.rec.done.Load()
		}
		p.cfg.Progress(done, total)
	}
	go func() { // ends when stop closes quit
		defer close(ended)
		tick := time.NewTicker(100 * time.Millisecond)
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
