package trace

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// ErrLine is wrapped by every error about a line that is not of the format.
var ErrLine = errors.New("not a line of a cache trace")

// Record is one line of a trace.
type Record struct {
	Second     uint64 // when the cache got the request
	Key        []byte // anonymized; it points into the line and is valid until the next one
	KeyBytes   uint64 // of the key before it was made anonymous
	ValueBytes uint64 // 0 also where the operation has no value, or a get found none
	Client     []byte // anonymized; as Key
	Operation  Operation
	TTLSec     uint64 // 0 where the operation sets none
}

// fieldCount is how many fields a line has.
const fieldCount = 7

// ParseLine reads a line without its end. Keys may hold commas: the fields after one are counted
// from the end. Errors wrap ErrLine and name the field.
func ParseLine(line []byte) (Record, error) {
	var r Record
	first, rest, found := bytes.Cut(line, []byte{','})
	var last [fieldCount - 2][]byte // key size to TTL
	for i := len(last) - 1; found && i >= 0; i-- {
		var comma int
		if comma = bytes.LastIndexByte(rest, ','); comma < 0 {
			found = false
			break
		}
		last[i], rest = rest[comma+1:], rest[:comma]
	}
	if !found {
		return r, fmt.Errorf("%w: %d fields, want %d: timestamp, key, key size, value size, client, operation, TTL",
			ErrLine, 1+bytes.Count(line, []byte{','}), fieldCount)
	}
	r.Key, r.Client = rest, last[2]
	if len(r.Key) == 0 {
		return r, fmt.Errorf("%w: the key is empty", ErrLine)
	}
	var known bool
	if r.Operation, known = parseOperation(last[3]); !known {
		return r, fmt.Errorf("%w: operation %.20q is unknown", ErrLine, last[3])
	}
	for _, number := range []struct {
		name string
		text []byte
		to   *uint64
	}{
		{"timestamp", first, &r.Second}, {"key size", last[0], &r.KeyBytes},
		{"value size", last[1], &r.ValueBytes}, {"TTL", last[4], &r.TTLSec},
	} {
		var ok bool
		if *number.to, ok = parseNumber(number.text); !ok {
			return r, fmt.Errorf("%w: %s %.20q is not a number from 0 to %d",
				ErrLine, number.name, number.text, uint64(maxNumber))
		}
	}
	return r, nil
}

// maxNumber bounds the numbers of a line: as seconds they are thirty years, in nanoseconds they
// fit into 64 bits, and no cache stores a gigabyte under a key.
const maxNumber = 1_000_000_000

// parseNumber reads decimal digits and nothing else.
func parseNumber(text []byte) (number uint64, ok bool) {
	for _, d := range text {
		if d < '0' || d > '9' || number > maxNumber {
			return 0, false
		}
		number = number*10 + uint64(d-'0')
	}
	return number, len(text) > 0 && number <= maxNumber
}

// AppendLine appends the line of a record, with its end.
func AppendLine(dst []byte, r Record) []byte {
	dst = strconv.AppendUint(dst, r.Second, 10)
	dst = append(append(dst, ','), r.Key...)
	dst = strconv.AppendUint(append(dst, ','), r.KeyBytes, 10)
	dst = strconv.AppendUint(append(dst, ','), r.ValueBytes, 10)
	dst = append(append(dst, ','), r.Client...)
	dst = append(append(dst, ','), r.Operation.String()...)
	dst = strconv.AppendUint(append(dst, ','), r.TTLSec, 10)
	return append(dst, '\n')
}
