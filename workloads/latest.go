package workloads

import "math/rand/v2"

// latest prefers what was inserted last: the newest record is the hottest, by Zipf's law, not
// scattered (YCSB's SkewedLatestGenerator).
//
// YCSB reads up to the highest key below which all inserts, of all clients, are acknowledged,
// so what it reads depends on the timing of the run. Here a worker looks back over its own
// inserts and then over the loaded records: its inserts travel before its reads on the same
// connection, so they are always there, and the load is the same on every system. The law of
// recency is YCSB's; the hottest records are one for each worker instead of one for all.
type latest struct {
	records  uint64 // loaded
	zipf     *zipf  // over the distance from the newest
	inserted uint64 // by this worker
	number   func(i uint64) uint64
}

func newLatest(records uint64, number func(i uint64) uint64) *latest {
	return &latest{records: records, zipf: zipfOf(records, YCSBTheta), number: number}
}

// Next draws the key number of a record this worker knows to be there.
func (l *latest) Next(r *rand.Rand) uint64 {
	back := l.zipf.next(r)
	if back < l.inserted {
		return l.number(l.inserted - 1 - back)
	}
	return l.records - 1 - (back - l.inserted)
}
