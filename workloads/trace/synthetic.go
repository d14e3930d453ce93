package trace

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"bpfdb/workloads"
)

// ErrSynthetic is wrapped by every error about the parameters of a synthetic trace.
var ErrSynthetic = errors.New("invalid synthetic trace")

// Limits of a synthetic trace.
const (
	maxSyntheticKeys = 100_000_000
	maxSyntheticRate = 10_000_000
)

// Synthetic describes a trace that is made up: keys follow a Zipf law, every key has a size of
// its own, and a few percent of the keys count, or grow by appends. It has every operation of the
// format, so that nothing of the replay stays untried; it stands for no cache in particular.
type Synthetic struct {
	Keys    uint64  // different ones; 0: the trace is not synthetic
	RateOps uint64  // requests per second of its own time
	Skew    float64 // theta of the law
	Seed    uint64
}

// DefaultSynthetic is a small trace: at its rate, a second of it is read in milliseconds.
func DefaultSynthetic() Synthetic {
	return Synthetic{Keys: 20_000, RateOps: 20_000, Skew: workloads.YCSBTheta, Seed: 1}
}

// Check returns an error wrapping ErrSynthetic that names the first bad parameter and its value.
func (s Synthetic) Check() error {
	switch {
	case s.Keys < 1 || s.Keys > maxSyntheticKeys:
		return fmt.Errorf("%w: keys is %d, want 1 to %d", ErrSynthetic, s.Keys, maxSyntheticKeys)
	case s.RateOps < 1 || s.RateOps > maxSyntheticRate:
		return fmt.Errorf("%w: rate_ops is %d, want 1 to %d", ErrSynthetic, s.RateOps, maxSyntheticRate)
	case !(s.Skew > 0 && s.Skew <= workloads.MaxTheta):
		return fmt.Errorf("%w: skew is %v, want above 0, at most %g", ErrSynthetic, s.Skew, workloads.MaxTheta)
	}
	return nil
}

// share is how often an operation comes, among those of a mix.
type share struct {
	operation Operation
	percent   int
}

// The mixes of the keys that hold objects, numbers and growing lists. Reads prevail as they do
// in most clusters the OSDI'20 paper describes; the rare operations are more frequent than there.
var (
	objects = []share{{Get, 74}, {Gets, 3}, {Set, 14}, {Add, 3}, {Replace, 1}, {CAS, 2}, {Delete, 3}}
	numbers = []share{{Get, 50}, {Set, 5}, {Incr, 35}, {Decr, 10}}
	lists   = []share{{Get, 60}, {Append, 25}, {Prepend, 5}, {Delete, 10}}
)

// synthesis yields the records of a synthetic trace, without end.
type synthesis struct {
	Synthetic
	keys   *workloads.Stream
	random *rand.Rand
	drawn  uint64
	sizes  []uint32 // of the values now, by key; 0: none
	name   []byte
	client []byte
}

// NewSource returns the trace: an endless Source, equal for equal parameters on every machine.
func (s Synthetic) NewSource() (Source, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	law, err := workloads.ByName("get")
	if err != nil {
		return nil, err
	}
	law.Records, law.Distribution, law.Theta = s.Keys, workloads.Zipfian, s.Skew
	keys, err := workloads.NewStream(law, s.Seed, 0, 1)
	if err != nil {
		return nil, err
	}
	g := &synthesis{
		Synthetic: s, keys: keys, random: rand.New(rand.NewPCG(s.Seed, golden)), sizes: make([]uint32, s.Keys),
	}
	for key := range g.sizes {
		if g.random.IntN(10) > 0 { // the cache is warm, yet not full
			g.sizes[key] = g.size(uint64(key))
		}
	}
	return g, nil
}

// Next returns the next record; it never fails.
func (g *synthesis) Next() (Record, error) {
	key := g.keys.Next().Key
	r := Record{Second: g.drawn / g.RateOps, Operation: g.operation(key)}
	g.drawn++
	size := g.size(key)
	held := &g.sizes[key]
	switch r.Operation {
	case Get, Gets:
		size = *held
	case Set:
		*held = size
	case Add:
		if *held == 0 {
			*held = size
		}
	case Replace, CAS:
		if *held > 0 {
			*held = size
		}
	case Append, Prepend:
		size = min(size, 64)
		if *held > 0 && *held+size <= workloads.MaxValueBytes {
			*held += size
		}
	case Delete:
		size, *held = 0, 0
	case Incr, Decr:
		size = *held
	}
	r.ValueBytes = uint64(size)
	if r.Operation == Set || r.Operation == Add || r.Operation == CAS {
		r.TTLSec = []uint64{300, 3600, 86_400}[mix(key+1)%3]
	}
	g.name = g.appendName(g.name[:0], key)
	g.client = fmt.Appendf(g.client[:0], "%d", g.random.IntN(100))
	r.Key, r.KeyBytes, r.Client = g.name, uint64(len(g.name)), g.client
	return r, nil
}

// operation draws from the mix of the key.
func (g *synthesis) operation(key uint64) Operation {
	shares := sharesOf(key)
	at := g.random.IntN(100)
	for _, s := range shares {
		if at -= s.percent; at < 0 {
			return s.operation
		}
	}
	return shares[0].operation // not reached: shares add up to 100
}

func sharesOf(key uint64) []share {
	switch key % 100 { // ranks of the law are scattered over the keys
	case 0, 1:
		return numbers
	case 2:
		return lists
	}
	return objects
}

// size of the value of a key whenever it is stored: of numbers 1 to 9 bytes, of others from
// 16 bytes to 8 KiB, as many of each power of two.
func (g *synthesis) size(key uint64) uint32 {
	h := mix(key ^ golden)
	if key%100 < 2 {
		return 1 + uint32(h%9)
	}
	least := uint32(16) << (h % 9)
	return least + uint32(h>>32)%least
}

// appendName makes names of 10 to 45 bytes, of namespaces and a number.
func (g *synthesis) appendName(dst []byte, key uint64) []byte {
	h := mix(key + golden)
	for i := range 1 + h%3 {
		dst = fmt.Appendf(dst, "ns%d:", h>>(8*i+8)&7)
	}
	return fmt.Appendf(dst, "%0*d", 6+int(h>>40%24), key)
}
