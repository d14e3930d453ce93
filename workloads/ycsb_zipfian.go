package workloads

import (
	"math"
	"math/rand/v2"
)

// Constants of YCSB's ScrambledZipfianGenerator: whatever the number of keys, ranks are
// drawn over ten billion items and hashed onto the key space.
const (
	YCSBTheta = 0.99
	ycsbItems = 10_000_000_001 // 0 to 10^10 inclusive
	ycsbZeta  = 26.46902820178302
)

// ycsbZipf draws the key numbers YCSB's CoreWorkload draws for the same uniform numbers.
//
// It is not Zipf(0.99) over the keys: the hottest key gets 3.8 % of the operations for
// any number of keys (true Zipf: 6.5 % of a million), and hash collisions add up the tail.
// Like CoreWorkload it hashes onto n + 1 keys and draws again when it hits the last one.
// The power is taken by Exp and Log: Go's Pow squares its way up to alpha = 100, which is
// slower and collects rounding errors.
type ycsbZipf struct {
	n     uint64
	eta   float64
	alpha float64
	rank1 float64 // draws scaled by zeta below this and not below 1 are rank 1
}

func newYCSBZipf(n uint64) ycsbZipf {
	theta := float64(YCSBTheta) // a variable, so that Go rounds each step as Java does
	zeta2 := 1 + 1/math.Pow(2, theta)
	eta := (1 - math.Pow(2.0/ycsbItems, 1-theta)) / (1 - zeta2/ycsbZeta)
	return ycsbZipf{n: n, eta: eta, alpha: 1 / (1 - theta), rank1: 1 + math.Pow(0.5, theta)}
}

func (y ycsbZipf) Next(r *rand.Rand) uint64 {
	for {
		if key := hashKey(y.rank(r.Float64())) % (y.n + 1); key < y.n {
			return key
		}
	}
}

// rank maps u in [0, 1) to a rank by the formula of Gray et al., "Quickly generating
// billion-record synthetic databases", SIGMOD'94, in YCSB's order of evaluation.
func (y ycsbZipf) rank(u float64) uint64 {
	uz := u * ycsbZeta
	if uz < 1 {
		return 0
	}
	if uz < y.rank1 {
		return 1
	}
	return uint64(ycsbItems * math.Exp(y.alpha*math.Log(float64(y.eta*u)-y.eta+1)))
}
