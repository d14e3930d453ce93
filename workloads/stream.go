package workloads

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
)

// Stream is one worker's endless sequence of operations. It must not be shared between
// goroutines.
type Stream struct {
	keys    Distribution // nil when no operation touches a key
	random  *rand.Rand
	mix     []share // of the kinds that occur
	version uint32
	stride  uint32
	digest  digest

	inserted uint64 // by this stream
	number   func(i uint64) uint64
	latest   *latest // keys, where they follow the inserts
}

// NewStream returns the stream of one worker out of workers. Equal arguments give equal
// streams on every machine; different workers or seeds give independent ones.
func NewStream(spec Spec, seed uint64, worker, workers int) (*Stream, error) {
	if err := checkWorker(spec, worker, workers); err != nil {
		return nil, err
	}
	s := &Stream{
		random:  rand.New(rand.NewPCG(mix(seed), mix(uint64(worker)<<32|uint64(workers)))),
		version: uint32(worker) + 1,
		stride:  uint32(workers),
		digest:  newDigest(spec.ValueBytes),

		number: insertNumber(spec.Records, seed, uint64(worker), uint64(workers)),
	}
	var sum float64
	for kind, p := range spec.proportions() {
		if p > 0 {
			sum += p
			s.mix = append(s.mix, share{Kind(kind), sum})
		}
	}
	var err error
	switch {
	case !spec.HasData():
	case spec.Distribution == Latest:
		s.latest = newLatest(spec.Records, s.number)
		s.keys = s.latest
	case spec.Distribution == Sequential:
		s.keys = newSequential(spec.Records, uint64(worker), uint64(workers))
	default:
		s.keys, err = newDistribution(spec)
	}
	return s, err
}

// insertNumber numbers the inserts of a worker: no other worker inserts the same, nor does
// the stream of the complemented seed, which is the warm-up's.
func insertNumber(records, seed, worker, workers uint64) func(i uint64) uint64 {
	return func(i uint64) uint64 { return records + 2*(i*workers+worker) + seed&1 }
}

// Next returns the next operation. It does not allocate.
//
// Versions of writes are 1 + worker + i*workers for the worker's i-th operation, so that
// no two workers write the same version until 32 bits wrap.
func (s *Stream) Next() Op {
	op := Op{Kind: s.kind()}
	switch op.Kind {
	case Ping:
	case Insert:
		op.Key = s.number(s.inserted)
		s.inserted++
		if s.latest != nil {
			s.latest.inserted = s.inserted
		}
	default:
		op.Key = s.keys.Next(s.random)
		if op.Kind != Read {
			op.Version = s.version
		}
		s.version += s.stride
	}
	s.digest.add(op)
	return op
}

func (s *Stream) kind() Kind {
	u := s.random.Float64()
	last := len(s.mix) - 1 // the sum of proportions may round to just below 1
	for _, m := range s.mix[:last] {
		if u < m.threshold {
			return m.kind
		}
	}
	return s.mix[last].kind
}

// share is the part of the draws that makes an operation of one kind.
type share struct {
	kind      Kind
	threshold float64 // cumulative
}

// Digest returns a hash of every operation produced so far, in order, and of the value
// size: two streams with equal digests sent the same load.
func (s *Stream) Digest() uint64 { return uint64(s.digest) }

// digest is an order-sensitive rolling hash of operations. It is fast, not cryptographic.
type digest uint64

func newDigest(valueBytes int) digest { return digest(mix(uint64(valueBytes) + patternStep)) }

func (d *digest) add(op Op) {
	word := op.Key*0x9fb21c651e98df25 ^ uint64(op.Version)<<8 ^ uint64(op.Kind)
	*d = digest((bits.RotateLeft64(uint64(*d), 23) ^ word) * 0xff51afd7ed558ccd)
}

func checkWorker(spec Spec, worker, workers int) error {
	if err := spec.Validate(); err != nil {
		return err
	}
	if workers < 1 || worker < 0 || worker >= workers {
		return fmt.Errorf("%w %q: worker %d of %d: want 0 <= worker < workers", ErrSpec, spec.Name, worker, workers)
	}
	return nil
}
