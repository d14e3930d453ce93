package trace

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"
)

// ErrShort means that a trace ends before the part that is to be replayed does.
var ErrShort = errors.New("the trace is too short")

// ErrLong means that a part has more requests than a Replay can hold.
var ErrLong = errors.New("the part of the trace is too long")

// maxRequests leaves numbers of 32 bits to the loads, which come on top.
const maxRequests = 1 << 31

// MaxKeyBytes is the longest key that every system we compare takes.
const MaxKeyBytes = 512

// Part is what of a trace is replayed, from its beginning on. By count or by the trace's own
// time; the zero Part is the whole trace, all of it measured.
type Part struct {
	WarmupRequests, Requests uint64 // of those that are sent, not of lines
	WarmupTime, Time         time.Duration
}

// New reads the part of a trace that is to be replayed and works out what each request meets.
// Errors are those of the source, or wrap ErrShort or ErrLong.
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
	byCount := part.Requests > 0
	length := uint64((part.WarmupTime + part.Time + time.Second - 1) / time.Second)
	for !byCount || uint64(len(r.requests)) < wanted {
		record, err := source.Next()
		if errors.Is(err, io.EOF) {
			return b.end(part)
		}
		if err != nil {
			return err
		}
		b.tick(record)
		if part.Time > 0 && b.second-b.firstSecond >= length {
			break
		}
		if len(r.requests) == maxRequests {
			return fmt.Errorf("%w: more than %d requests", ErrLong, maxRequests)
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
