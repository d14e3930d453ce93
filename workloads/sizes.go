package workloads

import (
	"math"
	"sort"
)

// Names of the distributions of value sizes over Spec.ValueBytes, the largest. All but
// constant begin at one byte, as YCSB's minfieldlength does.
const (
	SizeConstant = "constant"
	SizeUniform  = "uniform"
	SizeZipfian  = "zipfian" // small values are the frequent ones: Zipf(0.99) from one byte on
	SizeETC      = "etc"     // Facebook's ETC pool, cut at the largest
)

// Sizes says how long the values of a data set are. The size of a value follows from its key
// and version, so that whoever writes it, in whatever order, the load is the same.
type Sizes struct {
	kind       string
	largest    int
	cumulative []float64 // of zipfian: probability of a size up to i+1
}

// NewSizes returns the sizes of a valid spec's values.
func NewSizes(spec Spec) Sizes {
	s := Sizes{kind: spec.ValueSizes, largest: spec.ValueBytes}
	if s.kind == "" {
		s.kind = SizeConstant
	}
	if s.kind == SizeZipfian {
		var sum float64
		for size := 1; size <= s.largest; size++ {
			sum += math.Pow(float64(size), -YCSBTheta)
			s.cumulative = append(s.cumulative, sum)
		}
		for i := range s.cumulative {
			s.cumulative[i] /= sum
		}
	}
	return s
}

// Of is the size of the value of a key and version, in bytes.
func (s Sizes) Of(key uint64, version uint32) int {
	if s.kind == SizeConstant {
		return s.largest
	}
	random := mix(mix(key+patternStep) ^ uint64(version))
	u := float64(random>>11) / (1 << 53)
	switch s.kind {
	case SizeUniform:
		return 1 + int(u*float64(s.largest))
	case SizeZipfian:
		return 1 + sort.SearchFloat64s(s.cumulative, u)
	}
	return max(1, min(s.largest, etcSize(u)))
}

// ClampedShare is the share of the values whose size was changed to fit between one byte and
// the largest. Results must report it: a cut tail makes values smaller than published.
func (s Sizes) ClampedShare() float64 {
	if s.kind != SizeETC {
		return 0
	}
	share := etcSmall[0] // Facebook stores empty values too
	if above := float64(s.largest+1) - etcLocation; above > 0 {
		return share + etcTail*math.Pow(1+etcShape*above/etcScale, -1/etcShape)
	}
	for _, p := range etcSmall[min(s.largest+1, len(etcSmall)):] {
		share += p
	}
	return share + etcTail
}

// The value sizes of ETC (Atikoglu et al., "Workload Analysis of a Large-Scale Key-Value
// Store", SIGMETRICS'12): sizes of up to 14 bytes have probabilities of their own, the
// others follow a generalised Pareto law.
const (
	etcLocation = 15.0
	etcScale    = 214.476
	etcShape    = 0.348238
)

var etcSmall = [15]float64{
	0.00536, 0.00047, 0.17820, 0.09239, 0.00018, 0.02740, 0.00065, 0.00606, 0.00023, 0.00837, 0.00837, 0.08989,
	0.00092, 0.00326, 0.01980,
}

// etcTail is the probability of a size above 14 bytes.
var etcTail = func() float64 {
	rest := 1.0
	for _, p := range etcSmall {
		rest -= p
	}
	return rest
}()

// etcSize maps u in [0, 1) to a size by the inverse of its distribution.
func etcSize(u float64) int {
	for size, p := range etcSmall {
		if u < p {
			return size
		}
		u -= p
	}
	tail := max(1-u/etcTail, 1e-12)
	return int(etcLocation + etcScale*(math.Pow(tail, -etcShape)-1)/etcShape)
}
