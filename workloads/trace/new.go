package trace

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
	"time"

	"bpfdb/workloads"
)

// ErrShort means that a trace ends before the part that is to be replayed does.
var ErrShort = errors.New("the trace is too short")

// MaxKeyBytes is the longest key that every system we compare takes.
const MaxKeyBytes = 512

// Part is what of a trace is replayed, from its beginning on. By count or by the trace's own
// time; the zero Part is the whole trace, all of it measured.
type Part struct {
	WarmupRequests, Requests uint64 // of those that are sent, not of lines
	WarmupTime, Time         time.Duration
}

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

// New reads the part of a trace that is to be replayed and works out what each request meets.
// Errors are those of the source, or wrap ErrShort.
func New(source Source, part Part) (*Replay, error) {
	b := &builder{numbers: map[string]uint32{}, digest: sha256.New()}
	if err := b.read(source, part); err != nil {
		return nil, err
	}
	r := &b.replay
	if part.Time > 0 {
		r.warmupNS = part.WarmupTime.Nanoseconds()
		for r.measured < len(r.requests) && r.requests[r.measured].AtNS < r.warmupNS {
			r.measured++
		}
	} else {
		r.measured = int(part.WarmupRequests)
	}
	if r.measured >= len(r.requests) {
		return nil, fmt.Errorf("%w: none of its %d lines is left to be measured", ErrShort, r.report.Lines)
	}
	b.simulate()
	r.report.SHA256 = hex.EncodeToString(b.digest.Sum(nil))
	r.report.Span = time.Duration(r.requests[len(r.requests)-1].AtNS)
	r.report.Keys = uint64(len(r.names))
	return r, nil
}

// read takes lines until the part is full.
func (b *builder) read(source Source, part Part) error {
	r := &b.replay
	wanted := part.WarmupRequests + part.Requests
	if part == (Part{}) {
		wanted = math.MaxUint32 / 2 // numbers of requests have 32 bits, and loads come on top
	}
	length := uint64((part.WarmupTime + part.Time + time.Second - 1) / time.Second)
	for part.Time > 0 || uint64(len(r.requests)) < wanted {
		record, err := source.Next()
		if errors.Is(err, io.EOF) {
			return b.end(part)
		}
		if err != nil {
			return err
		}
		b.tick(record)
		if part.Time > 0 && b.second-b.firstSecond >= length {
			b.spread()
			break
		}
		b.take(record)
	}
	b.spread()
	b.cut(part)
	return nil
}

// end decides whether a trace that has ended was long enough.
func (b *builder) end(part Part) error {
	b.spread()
	have := uint64(len(b.replay.requests))
	length := time.Duration(b.second+1-b.firstSecond) * time.Second
	switch {
	case part == (Part{}) && have > 0:
	case part.Time > 0 && b.begun && length >= part.WarmupTime+part.Time:
		b.cut(part)
	case part.Time > 0 && b.begun:
		return fmt.Errorf("%w: it lasts %v, want %v", ErrShort, length, part.WarmupTime+part.Time)
	default:
		return fmt.Errorf("%w: %d requests in %d lines can be sent, want %d", ErrShort, have, b.replay.report.Lines,
			max(part.WarmupRequests+part.Requests, 1))
	}
	return nil
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
