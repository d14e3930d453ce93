package workloads

import (
	"fmt"
	"math/rand/v2"
)

// Names of the key distributions.
const (
	Uniform     = "uniform"
	Zipfian     = "zipfian"      // true Zipf(theta, Records), scattered by a bijection
	YCSBZipfian = "ycsb-zipfian" // what YCSB calls zipfian: much milder, see ycsb_zipfian.go
	Hotspot     = "hotspot"      // uniform over a few hot keys, and over the others
)

// Distribution draws key numbers. It holds no mutable state of its own, so workers may
// share one, each with its own source of randomness.
type Distribution interface {
	// Next draws a key number in [0, n) for the n the distribution was built with.
	Next(r *rand.Rand) uint64
}

func newDistribution(spec Spec) (Distribution, error) {
	switch spec.Distribution {
	case Uniform:
		return uniform{n: spec.Records}, nil
	case Zipfian:
		return newScatteredZipf(spec.Records, spec.Theta), nil
	case YCSBZipfian:
		return newYCSBZipf(spec.Records), nil
	case Hotspot:
		return newHotspot(spec.Records, spec.HotKeys, spec.HotShare), nil
	}
	return nil, fmt.Errorf("%w %q: distribution is %q", ErrSpec, spec.Name, spec.Distribution)
}
