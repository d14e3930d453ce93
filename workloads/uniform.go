package workloads

import "math/rand/v2"

// uniform draws every key number with the same probability.
type uniform struct{ n uint64 }

func (u uniform) Next(r *rand.Rand) uint64 { return r.Uint64N(u.n) }
