package trace

import (
	"time"

	"bpfdb/workloads"
)

// Replay is the part of a trace that is replayed, with the loads it needs before. It is made
// by New and does not change: any number of runs may share it.
type Replay struct {
	names  []string // of keys, by number
	hashes []uint64 // of the names

	requests []Request // loads, then the warm-up, then what is measured
	loaded   int       // requests that are loads
	measured int       // the first one that is measured
	warmupNS int64     // trace time before what is measured, where time divides them
	report   Report
}

// Report says what a replay took from its trace, warm-up included. A part that time bounds is
// read to the end of its last second, and but for Operations that is what is counted.
type Report struct {
	Lines      uint64 // read
	SHA256     string // of the lines, each with the end AppendLine gives it; in hexadecimal
	Span       time.Duration
	Keys       uint64 // different ones
	Loaded     uint64 // keys that have a value before the first request
	Operations [OperationCount]Count

	AbsentReads uint64 // gets, of those measured, for which the trace leaves no value
	TTLIgnored  uint64 // requests with a time to live
	CutValues   uint64 // requests whose value was too long, or no number where the trace counts
	LongKeys    uint64 // requests skipped for a key of more than MaxKeyBytes
	OtherSizes  uint64 // requests whose key, made anonymous, is not as long as its size says
	Unordered   uint64 // lines whose timestamp lies before an earlier one; they take that one's
}

// Count is how many requests of an operation are sent and how many skipped.
type Count struct{ Sent, Skipped uint64 }

// Report says what the replay took from its trace.
func (r *Replay) Report() Report { return r.report }

// Loads is how many requests, from number 0 on, load what the trace takes for granted. They are
// sets of different keys.
func (r *Replay) Loads() uint64 { return uint64(r.loaded) }

// Len is how many requests a phase has, over all connections.
func (r *Replay) Len(phase workloads.Phase) uint64 {
	first, end := r.bounds(phase)
	return uint64(end - first)
}

func (r *Replay) bounds(phase workloads.Phase) (first, end int) {
	if phase == workloads.Warmup {
		return r.loaded, r.measured
	}
	return r.measured, len(r.requests)
}

// Parts deals the requests of a phase out to connections and returns their numbers, in order.
// The key of a request and the seed decide over its connection. Few hot keys make parts of
// very different sizes; that is the price of keeping the order on each key.
func (r *Replay) Parts(phase workloads.Phase, seed uint64, connections int) [][]uint32 {
	parts := make([][]uint32, connections)
	first, end := r.bounds(phase)
	for i := first; i < end; i++ {
		at := mix(r.hashes[r.requests[i].Key]^mix(seed)) % uint64(connections)
		parts[at] = append(parts[at], uint32(i))
	}
	return parts
}

// Due is when request number i is due in a phase that replays the trace speed times as fast as
// it was recorded, after the beginning of the phase.
func (r *Replay) Due(phase workloads.Phase, i uint32, speed float64) time.Duration {
	at := r.requests[i].AtNS
	if phase == workloads.Measured {
		at -= r.warmupNS
	}
	return time.Duration(float64(at) / speed)
}
