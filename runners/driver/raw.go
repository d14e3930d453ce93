package driver

import (
	"context"
	"fmt"

	"bpfdb/runners/transaction"
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
		c := newConn(fd, cfg)
		b.conns = append(b.conns, c)
		if cfg.Mode != "" {
			if c.session, err = transaction.NewSession(cfg.Mode, cfg.Workload, cfg.Tries); err != nil {
				b.close()
				return nil, err
			}
		}
		if err := b.threads[i%len(b.threads)].adopt(c); err != nil {
			b.close()
			return nil, err
		}
	}
	return b, nil
}

func (b *raw) run(ctx context.Context, p *phase) error {
	for i, c := range b.conns {
		c.work = &p.workers[i]
	}
	return together(ctx, len(b.threads), func(ctx context.Context, i int) error {
		return b.threads[i].run(ctx, p)
	})
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
