package trace

import (
	"hash"
	"time"

	"bpfdb/workloads"
)

// builder reads a trace and numbers its keys.
type builder struct {
	replay  Replay
	numbers map[string]uint32
	counter []bool // by key: the trace counts with it
	digest  hash.Hash
	line    []byte

	begun       bool
	firstSecond uint64
	second      uint64 // of the line before
	slots       int64  // lines of that second so far
	inSecond    int    // the first request of it
}

// tick notes the second of a line. A line from before the last one belongs to the same second.
func (b *builder) tick(record Record) {
	if !b.begun {
		b.begun, b.firstSecond, b.second = true, record.Second, record.Second
	}
	if record.Second < b.second {
		b.replay.report.Unordered++
	}
	if record.Second > b.second {
		b.spread()
		b.second = record.Second
	}
}

// spread gives the requests of a second, which is over, times at equal distances in it.
func (b *builder) spread() {
	r := &b.replay
	start := int64(b.second-b.firstSecond) * int64(time.Second)
	for i := b.inSecond; i < len(r.requests); i++ {
		q := &r.requests[i]
		q.AtNS = start + q.AtNS*int64(time.Second)/b.slots
	}
	b.inSecond, b.slots = len(r.requests), 0
}

// cut drops what lies in the last second but beyond the part.
func (b *builder) cut(part Part) {
	r := &b.replay
	end := (part.WarmupTime + part.Time).Nanoseconds()
	for n := len(r.requests); part.Time > 0 && n > 0 && r.requests[n-1].AtNS >= end; n-- {
		r.report.Operations[r.requests[n-1].Operation].Sent--
		r.requests = r.requests[:n-1]
	}
}

// take adds the request of a line, or counts why it is skipped. What the request writes and
// meets is left to simulate, and its time, until spread, is its place in the second.
func (b *builder) take(record Record) {
	r := &b.replay
	r.report.Lines++
	b.line = AppendLine(b.line[:0], record)
	b.digest.Write(b.line)
	slot := b.slots
	b.slots++
	count := &r.report.Operations[record.Operation]
	if len(record.Key) > MaxKeyBytes {
		r.report.LongKeys++
	}
	if Operations[record.Operation].Command == "" || len(record.Key) > MaxKeyBytes {
		count.Skipped++
		return
	}
	count.Sent++
	if uint64(len(record.Key)) != record.KeyBytes {
		r.report.OtherSizes++
	}
	if record.TTLSec > 0 {
		r.report.TTLIgnored++
	}
	if record.ValueBytes > workloads.MaxValueBytes {
		record.ValueBytes = workloads.MaxValueBytes
		r.report.CutValues++
	}
	key := b.number(record.Key)
	if record.Operation == Incr || record.Operation == Decr {
		b.counter[key] = true
	}
	r.requests = append(r.requests, Request{
		Operation: record.Operation, Key: key, Bytes: uint32(record.ValueBytes), AtNS: slot,
	})
}

// number is that of a key, from 0 on in the order in which they come.
func (b *builder) number(key []byte) uint32 {
	if n, known := b.numbers[string(key)]; known {
		return n
	}
	r := &b.replay
	n, name := uint32(len(r.names)), string(key)
	b.numbers[name] = n
	r.names = append(r.names, name)
	r.hashes = append(r.hashes, hashOf(name))
	b.counter = append(b.counter, false)
	return n
}

// hashOf is FNV-1a with 64 bits, mixed so that all of them are good.
func hashOf(name string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 0x100000001b3
	}
	return mix(h)
}
