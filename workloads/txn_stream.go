package workloads

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
)

// Phase tells streams of one worker and run apart where what they write must not collide:
// the votes of the warm-up and those of the measured phase have different identifiers.
type Phase uint64

// The phases of a run.
const (
	Measured Phase = iota
	Warmup
)

// TxnStream is one worker's endless sequence of transactions. It must not be shared
// between goroutines.
type TxnStream struct {
	family   family
	keys     Distribution
	random   *rand.Rand
	phase    Phase
	worker   uint64
	workers  uint64
	sequence uint64
	digest   uint64
}

// NewTxnStream returns the transactions of one worker out of workers: a function of its
// arguments, as NewStream. The spec must be transactional.
func NewTxnStream(spec Spec, seed uint64, worker, workers int, phase Phase) (*TxnStream, error) {
	if err := checkWorker(spec, worker, workers); err != nil {
		return nil, err
	}
	f, err := newFamily(spec)
	if err != nil {
		return nil, err
	}
	s := &TxnStream{
		family: f, phase: phase, worker: uint64(worker), workers: uint64(workers),
		random: rand.New(rand.NewPCG(mix(seed), mix(uint64(worker)<<32|uint64(workers)))),
		digest: mix(uint64(spec.ValueBytes) + patternStep),
	}
	s.keys, err = newDistribution(spec)
	return s, err
}

// Next returns the next transaction. It does not allocate.
func (s *TxnStream) Next() Txn {
	t := s.family.next(s, s.sequence)
	s.sequence++
	word := uint64(t.Kind)
	for _, argument := range t.Args {
		word = (bits.RotateLeft64(word, 29) ^ uint64(argument)) * 0x9fb21c651e98df25
	}
	s.digest = (bits.RotateLeft64(s.digest, 23) ^ word) * 0xff51afd7ed558ccd
	return t
}

// Digest is a hash of every transaction produced so far, in order.
func (s *TxnStream) Digest() uint64 { return s.digest }

// key draws a key number of the spec's distribution.
func (s *TxnStream) key() int64 { return int64(s.keys.Next(s.random)) }

// twoKeys draws two different key numbers.
func (s *TxnStream) twoKeys() (a, b int64) {
	a, b = s.key(), s.key()
	for a == b {
		b = s.key()
	}
	return a, b
}

// between draws from lo to hi, both included, with equal probability.
func (s *TxnStream) between(lo, hi int64) int64 { return lo + s.random.Int64N(hi-lo+1) }

// identifier numbers the transactions of all workers and phases, each differently.
func (s *TxnStream) identifier(sequence uint64) int64 {
	return int64(uint64(s.phase)<<40 + sequence*s.workers + s.worker)
}

// mixEntry is a transaction's share in its family's mix, in percent.
type mixEntry struct {
	kind  TxnKind
	share int64
}

// pick draws a kind from a mix, whose shares add up to 100.
func (s *TxnStream) pick(mix []mixEntry) TxnKind {
	u := s.random.Int64N(100)
	for _, entry := range mix {
		if u < entry.share {
			return entry.kind
		}
		u -= entry.share
	}
	panic(fmt.Sprintf("workloads: the shares of %v add up to less than 100", mix))
}

// Dataset is what a transactional workload finds in the database when it begins.
type Dataset struct{ family family }

// NewDataset returns the data set of a transactional workload.
func NewDataset(spec Spec) (Dataset, error) {
	if err := spec.Validate(); err != nil {
		return Dataset{}, err
	}
	f, err := newFamily(spec)
	return Dataset{f}, err
}

// Places is the number of places for a key, of which some may be empty.
func (d Dataset) Places() uint64 { return d.family.places() }

// AppendRow appends the key at the i-th place, in [0, Places), and its value; it returns nil
// when the place is empty.
func (d Dataset) AppendRow(i uint64, key, value []byte) (k, v []byte) {
	return d.family.row(i, key, value)
}

func newFamily(spec Spec) (family, error) {
	switch spec.familyName() {
	case FamilyVoter:
		return newVoter(spec), nil
	case FamilySmallBank:
		return newSmallBank(spec), nil
	case FamilyTATP:
		return newTATP(spec), nil
	case FamilyClosedEconomy:
		return newClosedEconomy(spec), nil
	case FamilyRecords:
		return records{spec}, nil
	case FamilyScans:
		return scans{records{spec}}, nil
	case FamilyFour:
		return four{records{spec}}, nil
	}
	return nil, spec.bad("family", fmt.Sprintf("%q", spec.Family), fmt.Sprintf("want one of %v", Families))
}
