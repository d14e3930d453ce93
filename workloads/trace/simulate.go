package trace

import "bpfdb/workloads"

// state is what a key holds at some moment of the trace.
type state struct {
	met     bool // by a request
	present bool
	version uint32
	bytes   uint32
	number  int64 // of keys that count, in place of version and bytes
}

// simulate goes through the trace as a server would and notes in every request what it writes
// and what it must be answered. It puts the loads before them.
func (b *builder) simulate() {
	r := &b.replay
	states := make([]state, len(r.names))
	var loads []Request
	for i := range r.requests {
		q := &r.requests[i]
		q.Version = uint32(i) + 1
		s := &states[q.Key]
		if !s.met {
			s.met = true
			if takenForGranted(q) {
				load := Request{Operation: Set, Key: q.Key, Bytes: q.Bytes}
				b.apply(s, &load)
				loads = append(loads, load)
			}
		}
		b.apply(s, q)
		if (q.Operation == Get || q.Operation == Gets) && !q.Present && i >= r.measured {
			r.report.AbsentReads++
		}
	}
	r.loaded = len(loads)
	r.report.Loaded = uint64(len(loads))
	r.measured += len(loads)
	r.requests = append(loads, r.requests...)
}

// takenForGranted reports whether the first request on a key shows that there was a value.
func takenForGranted(q *Request) bool {
	switch q.Operation {
	case Get, Gets:
		return q.Bytes > 0
	case Replace, CAS, Incr, Decr:
		return true
	}
	return false
}

// apply is one request on a key.
func (b *builder) apply(s *state, q *Request) {
	q.Present = s.present
	counter := b.counter[q.Key]
	switch q.Operation {
	case Get, Gets:
		q.Counter, q.Version, q.Bytes, q.Number = counter && s.present, s.version, s.bytes, s.number
	case Set, Add, Replace, CAS:
		b.value(q, counter)
		if q.Operation == Set || q.Stores() {
			*s = state{true, true, q.Version, q.Bytes, q.Number}
		}
	case Append:
		b.extend(s, q, counter)
	case Delete:
		*s = state{met: true}
	case Incr, Decr:
		step := int64(1)
		if q.Operation == Decr {
			step = -1
		}
		s.present, s.number = true, s.number+step
		q.Number = s.number
	}
}

// value is what a request stores: text of its size or, of a key that counts, a number with so
// many digits.
func (b *builder) value(q *Request, counter bool) {
	if !counter {
		return
	}
	if q.Bytes < 1 || q.Bytes > maxDigits {
		b.replay.report.CutValues++
	}
	least := int64(1)
	for range min(q.Bytes, maxDigits) - min(q.Bytes, 1) {
		least *= 10
	}
	q.Counter = true
	q.Number = least + int64(mix(b.replay.hashes[q.Key]^uint64(q.Version))%uint64(9*least))
}

// maxDigits leaves a number room to be counted up without end.
const maxDigits = 18

// extend appends as far as the longest value allows. To a number nothing is added, which would
// make another number of it, or none.
func (b *builder) extend(s *state, q *Request, counter bool) {
	switch {
	case !s.present:
		b.value(q, counter)
		*s = state{true, true, q.Version, q.Bytes, q.Number}
		return
	case counter:
		q.From, q.Bytes = uint32(digits(s.number)), 0
		b.replay.report.CutValues++
		return
	}
	if room := workloads.MaxValueBytes - s.bytes; q.Bytes > room {
		q.Bytes = room
		b.replay.report.CutValues++
	}
	q.Version, q.From = s.version, s.bytes
	s.bytes += q.Bytes
}
