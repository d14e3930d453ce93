package workloads

import (
	"math"
	"math/rand/v2"
)

// Parameters of YCSB's ExponentialGenerator: this percentage of the operations goes to this
// fraction of the keys. (A comment in YCSB says 1/7; its constant is 6/7.)
const (
	exponentialPercentile = 95
	exponentialFraction   = 0.8571428571
)

// exponential prefers the keys inserted last: the distance from the newest is exponentially
// distributed. A draw beyond the oldest key is repeated, as in YCSB.
type exponential struct {
	n     uint64
	gamma float64
}

func newExponential(n uint64) exponential {
	return exponential{n: n, gamma: -math.Log(1-exponentialPercentile/100.0) / (float64(n) * exponentialFraction)}
}

func (e exponential) Next(r *rand.Rand) uint64 {
	for {
		if back := uint64(r.ExpFloat64() / e.gamma); back < e.n {
			return e.n - 1 - back
		}
	}
}
