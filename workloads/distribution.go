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
	Latest      = "latest"       // the newest record is the hottest, see latest.go
	Exponential = "exponential"  // newer records are hotter, see exponential.go
	Sequential  = "sequential"   // one key after the other
)

// Distributions lists the names.
var Distributions = []string{Uniform, Zipfian, YCSBZipfian, Hotspot, Latest, Exponential, Sequential}

// Distribution draws key numbers for one stream.
type Distribution interface {
	// Next draws the number of a key that is there.
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
	case Exponential:
		return newExponential(spec.Records), nil
	case Hotspot:
		return newHotspot(spec.Records, spec.HotKeys, spec.HotShare), nil
	}
	return nil, fmt.Errorf("%w %q: distribution is %q", ErrSpec, spec.Name, spec.Distribution)
}
