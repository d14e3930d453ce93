package driver

import (
	"math/bits"
	"strconv"

	"bpfdb/workloads"
	"bpfdb/workloads/trace"
)

// MaxSpeed is how much faster than recorded a trace may be replayed.
const MaxSpeed = 1_000_000

// validateTrace looks at what a replay needs, and what it cannot have beside it.
func (c Config) validateTrace() error {
	switch {
	case c.Driver != Raw:
		return bad("driver", c.Driver, Raw+" for traces")
	case c.Mode != "":
		return bad("mode", c.Mode, "none for a trace")
	case c.Rate != 0:
		return bad("rate", c.Rate, "0 for a trace, which has a speed")
	case !(c.Speed >= 0 && c.Speed <= MaxSpeed):
		return bad("speed", c.Speed, "above 0, at most "+strconv.Itoa(MaxSpeed)+", or 0 for a closed loop")
	case c.Warmup != Warmup{}:
		return bad("warm-up", c.Warmup, "none beside that of the trace")
	}
	return nil
}

// warms reports whether there is a warm-up.
func (c Config) warms() bool {
	if c.Trace != nil {
		return c.Trace.Len(workloads.Warmup) > 0
	}
	return c.Warmup != Warmup{}
}

// replayed is the source of one connection: the operations' keys are numbers of requests.
type replayed struct {
	replay   *trace.Replay
	requests []uint32
	digest   uint64
}

// Next returns the next request; after the last one it panics. It does not allocate.
func (s *replayed) Next() workloads.Op {
	i := uint64(s.requests[0])
	s.requests = s.requests[1:]
	s.digest = (bits.RotateLeft64(s.digest, 23) ^ s.replay.Fingerprint(i)) * 0xff51afd7ed558ccd
	return workloads.Op{Kind: trace.Operations[s.replay.Request(i).Operation].Kind, Key: i}
}

// Digest is a hash of every request drawn so far, in order.
func (s *replayed) Digest() uint64 { return s.digest }

// tracePhase replays a phase of the trace. The seed decides which keys share a connection, and
// must be the same in both phases: a key whose connection changed would lose its order.
func tracePhase(cfg Config, kind workloads.Phase) *phase {
	p := &phase{workers: make([]worker, cfg.Connections)}
	parts := cfg.Trace.Parts(kind, cfg.Seed, cfg.total())
	for i := range p.workers {
		part := parts[cfg.First+i]
		p.workers[i] = worker{ops: &replayed{replay: cfg.Trace, requests: part}, left: uint64(len(part))}
		p.total += uint64(len(part))
		if cfg.Speed > 0 {
			p.workers[i].due = newListedSchedule(cfg, kind, part)
		}
	}
	return p
}

// traceLoad stores what the trace takes for granted.
func traceLoad(cfg Config) *phase {
	p := &phase{workers: make([]worker, cfg.Connections), total: cfg.Trace.Loads()}
	for i := range p.workers {
		first, count := workloads.Share(p.total, i, cfg.Connections)
		requests := make([]uint32, count)
		for k := range requests {
			requests[k] = uint32(first) + uint32(k)
		}
		p.workers[i] = worker{ops: &replayed{replay: cfg.Trace, requests: requests}, left: count}
	}
	return p
}

// newListedSchedule is the schedule of a connection whose requests have times of their own.
func newListedSchedule(cfg Config, kind workloads.Phase, requests []uint32) *schedule {
	s := &schedule{endNS: forever, listed: make([]int64, len(requests))}
	for k, i := range requests {
		s.listed[k] = cfg.Trace.Due(kind, i, cfg.Speed).Nanoseconds()
	}
	s.advance()
	return s
}

// advanceListed moves on to the next time of the list.
func (s *schedule) advanceListed() {
	if len(s.listed) == 0 {
		s.dueNS = forever
		return
	}
	s.dueNS, s.listed = s.listed[0], s.listed[1:]
}
