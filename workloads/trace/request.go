package trace

import (
	"fmt"
	"strconv"
)

// Request is one request of a replay: what is sent, and what the key holds at that moment.
type Request struct {
	Operation Operation
	Present   bool // the key holds a value when the request comes
	// Counter says that the value written or read is the decimal of Number, as those of all
	// keys are that the trace counts with; otherwise it is text.
	Counter bool
	Key     uint32 // number of the key
	Version uint32 // of the text written or read
	From    uint32 // bytes the value has already, of an append
	Bytes   uint32 // of the text written or read; of an append, of what is added
	AtNS    int64  // after the beginning of the trace
	Number  int64  // written or read, or what counting leads to
}

// Stores reports whether an add, a replace or a cas stores its value.
func (r *Request) Stores() bool { return r.Present != (r.Operation == Add) }

// valueBytes is the length of what is written or read.
func (r *Request) valueBytes() int {
	if r.Counter {
		return digits(r.Number)
	}
	return int(r.Bytes)
}

// Integer is the reply to an append, a delete, an incr or a decr.
func (r *Request) Integer() int64 {
	switch r.Operation {
	case Append:
		return int64(r.From) + int64(r.valueBytes())
	case Delete:
		if r.Present {
			return 1
		}
		return 0
	}
	return r.Number
}

// digits is how many characters a number has, a sign included.
func digits(number int64) int {
	var space [20]byte
	return len(strconv.AppendInt(space[:0], number, 10))
}

// Request returns request number i.
func (r *Replay) Request(i uint64) *Request { return &r.requests[i] }

// Key is the name of the key of request number i.
func (r *Replay) Key(i uint64) string { return r.names[r.requests[i].Key] }

// ValueBytes is the length of the value that request number i writes.
func (r *Replay) ValueBytes(i uint64) int { return r.requests[i].valueBytes() }

// AppendValue appends the value that request number i writes. It does not allocate if dst has room.
func (r *Replay) AppendValue(dst []byte, i uint64) []byte {
	request := &r.requests[i]
	if request.Counter {
		return strconv.AppendInt(dst, request.Number, 10)
	}
	seed := textSeed(r.hashes[request.Key], request.Version)
	return appendText(dst, seed, int(request.From), int(request.Bytes))
}

// Verify returns nil if request number i, a get, must return this value, and otherwise an error
// that wraps ErrValue and names the key.
func (r *Replay) Verify(i uint64, value []byte) error {
	request := &r.requests[i]
	var err error
	switch {
	case !request.Present:
		err = fmt.Errorf("%w: %d bytes, want no value", ErrValue, len(value))
	case request.Counter:
		var space [20]byte
		if want := strconv.AppendInt(space[:0], request.Number, 10); string(want) != string(value) {
			err = fmt.Errorf("%w: %.40q, want %s", ErrValue, value, want)
		}
	default:
		err = verifyText(value, textSeed(r.hashes[request.Key], request.Version), int(request.Bytes))
	}
	if err != nil {
		return fmt.Errorf("key %q, request %d: %w", r.Key(i), i, err)
	}
	return nil
}

// Fingerprint is a hash of everything that request number i sends.
func (r *Replay) Fingerprint(i uint64) uint64 {
	q := &r.requests[i]
	h := mix(r.hashes[q.Key] ^ uint64(q.Operation)<<56 ^ uint64(q.Version))
	return mix(h ^ uint64(q.From)<<32 ^ uint64(q.Bytes) ^ uint64(q.Number)*golden)
}
