package driver

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// raw is the lean driver: connection i belongs to thread i mod Threads.
type raw struct {
	cfg     Config
	conns   []*conn
	threads []*thread
}

func newRaw(ctx context.Context, cfg Config) (*raw, error) {
	b := &raw{cfg: cfg}
	for range min(cfg.Threads, cfg.Connections) {
		t, err := newThread(cfg)
		if err != nil {
			b.close()
			return nil, err
		}
		b.threads = append(b.threads, t)
	}
	for i := range cfg.Connections {
		fd, err := dial(ctx, cfg)
		if err != nil {
			b.close()
			return nil, fmt.Errorf("connection %d: %w", i, err)
		}
		c := newConn(fd, cfg.Pipeline)
		b.conns = append(b.conns, c)
		if err := b.threads[i%len(b.threads)].adopt(c); err != nil {
			b.close()
			return nil, err
		}
	}
	return b, nil
}

func (b *raw) run(ctx context.Context, workers []worker) error {
	for i, c := range b.conns {
		c.work = &workers[i]
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	errs := make([]error, len(b.threads))
	var wg sync.WaitGroup
	for i, t := range b.threads {
		wg.Go(func() { // ends with its operations, or soon after ctx
			if errs[i] = t.run(ctx); errs[i] != nil {
				cancel(errs[i])
			}
		})
	}
	wg.Wait()
	if errors.Join(errs...) == nil {
		return nil
	}
	return context.Cause(ctx)
}

func (b *raw) recorders() []*recorder {
	all := make([]*recorder, len(b.threads))
	for i, t := range b.threads {
		all[i] = t.rec
	}
	return all
}

func (b *raw) close() {
	for _, c := range b.conns {
		c.close()
	}
	for _, t := range b.threads {
		t.close()
	}
}
