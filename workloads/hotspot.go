package workloads

import "math/rand/v2"

// hotspot draws uniformly from the first keys with some probability, else uniformly from
// the others, as YCSB's HotspotIntegerGenerator does. The hot keys are neighbours by number.
type hotspot struct {
	n, hot uint64
	share  float64 // of the operations that go to the hot keys
}

func newHotspot(n uint64, keys, share float64) hotspot {
	return hotspot{n: n, hot: hotKeys(n, keys), share: share}
}

// hotKeys is the number of hot keys: below 1 it is given as a share of all, as in YCSB.
func hotKeys(n uint64, keys float64) uint64 {
	if keys < 1 {
		keys *= float64(n)
	}
	return max(1, min(n, uint64(keys)))
}

func (h hotspot) Next(r *rand.Rand) uint64 {
	if r.Float64() < h.share || h.hot == h.n {
		return r.Uint64N(h.hot)
	}
	return h.hot + r.Uint64N(h.n-h.hot)
}
