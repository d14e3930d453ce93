package driver

import (
	"sync/atomic"
	"time"

	"bpfdb/runners/transaction"
	"bpfdb/workloads"
)

// source yields the operations of one worker.
type source interface {
	Next() workloads.Op
	Digest() uint64
}

// worker is the work of one connection in one phase.
type worker struct {
	ops    source
	txns   *txnSource // in place of ops, where they are transactions
	left   uint64     // operations not drawn yet
	due    *schedule  // of an open loop; nil in a closed one
	joinNS int64      // in a closed loop: when the connection begins
}

// phase is what all connections do from one common start to the last reply.
type phase struct {
	workers []worker
	start   time.Time   // zero of the schedules and of the timeline
	over    atomic.Bool // no further operation is to be drawn
	total   uint64      // operations, as far as they are known before
}

// endless is how many operations a phase has that time ends.
const endless = 1 << 62

// digestOperations is how many operations of a worker its digest covers where a closed loop
// ends by time, and each server gets as many as it can answer.
const digestOperations = 1000

// prefix is a source whose digest covers its first operations only.
type prefix struct {
	source
	drawn  uint64
	digest uint64
}

func (p *prefix) Next() workloads.Op {
	op := p.source.Next()
	if p.drawn++; p.drawn == digestOperations {
		p.digest = p.source.Digest()
	}
	return op
}

// Digest draws what a slow server did not get to: it is for after the phase.
func (p *prefix) Digest() uint64 {
	for p.drawn < digestOperations {
		p.Next()
	}
	return p.digest
}

// recordsPhase inserts, or reads, every record once.
func recordsPhase(cfg Config, kind phaseKind) (*phase, error) {
	if cfg.Trace != nil {
		return traceLoad(cfg), nil
	}
	p := &phase{workers: make([]worker, cfg.Connections)}
	for i := range p.workers {
		ops, err := workloads.NewLoadOps(cfg.Workload, i, cfg.Connections)
		if err != nil {
			return nil, err
		}
		p.workers[i] = worker{ops: ops, left: ops.Len()}
		if kind == reading {
			p.workers[i].ops = reads{ops}
		}
		p.total += ops.Len()
	}
	return p, nil
}

// reads are the reads of what a source inserts.
type reads struct{ source }

func (r reads) Next() workloads.Op {
	op := r.source.Next()
	op.Kind = workloads.Read
	return op
}

// length bounds a phase by count or, where that is 0, by time.
type length struct {
	operations uint64
	duration   time.Duration
	ramp       time.Duration // at its beginning
}

// sum is the digest of what the worker has drawn.
func (w *worker) sum() uint64 {
	if w.txns != nil {
		return w.txns.sum()
	}
	return w.ops.Digest()
}

// runPhase draws from the streams of a phase.
func runPhase(cfg Config, kind workloads.Phase, l length) (*phase, error) {
	if cfg.Trace != nil {
		return tracePhase(cfg, kind), nil
	}
	seed := transaction.PhaseSeed(cfg.Seed, kind)
	timed := cfg.Rate == 0 && l.operations == 0
	p := &phase{workers: make([]worker, cfg.Connections)}
	for i := range p.workers {
		index := cfg.First + i
		w, err := newWorker(cfg, seed, index, kind, timed)
		if err != nil {
			return nil, err
		}
		_, count := workloads.Share(l.operations, index, cfg.total())
		p.total += count
		p.workers[i] = w
		p.workers[i].left = count
		if l.operations == 0 {
			p.workers[i].left = endless
		}
		p.workers[i].joinNS = int64(l.ramp) * int64(index) / int64(cfg.total())
		if cfg.Rate > 0 {
			p.workers[i].due = newSchedule(cfg, seed, index, l.ramp, l.duration)
		}
	}
	if cfg.Rate > 0 && l.operations == 0 {
		share := float64(cfg.Connections) / float64(cfg.total())
		p.total = uint64(cfg.Rate * share * (l.duration - l.ramp/2).Seconds())
	}
	return p, nil
}

// newWorker is one with its stream. timed says that a closed loop ends by time, and each
// server gets as much of the stream as it can answer.
func newWorker(cfg Config, seed uint64, index int, kind workloads.Phase, timed bool) (worker, error) {
	if cfg.Mode != "" {
		stream, err := workloads.NewTxnStream(cfg.Workload, seed, index, cfg.total(), kind)
		return worker{txns: &txnSource{stream: stream, timed: timed}}, err
	}
	ops, err := workloads.NewStream(cfg.Workload, seed, index, cfg.total())
	if timed {
		return worker{ops: &prefix{source: ops}}, err
	}
	return worker{ops: ops}, err
}

// endAfter ends a closed loop at the time its length gives; the schedules of an open loop
// end by themselves, exactly. The returned function is to be called when the phase is over.
func (p *phase) endAfter(cfg Config, l length) (stop func() bool) {
	if cfg.open() || l.operations > 0 || cfg.Trace != nil {
		return func() bool { return false }
	}
	return time.AfterFunc(l.duration, func() { p.over.Store(true) }).Stop
}
