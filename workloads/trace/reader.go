package trace

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Source yields the records of a trace in order, and io.EOF after the last one.
type Source interface {
	Next() (Record, error)
}

// maxLineBytes is room for the longest key memcached takes, 250 bytes, many times over.
const maxLineBytes = 64 << 10

// Reader reads a trace from text.
type Reader struct {
	lines  *bufio.Scanner
	name   string
	number int
}

// NewReader returns the reader of a text; name stands for it in errors.
func NewReader(text io.Reader, name string) *Reader {
	r := &Reader{lines: bufio.NewScanner(text), name: name}
	r.lines.Buffer(make([]byte, maxLineBytes), maxLineBytes)
	return r
}

// Next returns the next record. Errors name the text and the line; those about a line wrap
// ErrLine, others what reading the text returned.
func (r *Reader) Next() (Record, error) {
	more := r.lines.Scan()
	switch err := r.lines.Err(); { // also with a line, which is then cut by the error
	case errors.Is(err, bufio.ErrTooLong):
		return Record{}, fmt.Errorf("%s:%d: %w: more than %d bytes", r.name, r.number+1, ErrLine, maxLineBytes)
	case err != nil:
		return Record{}, fmt.Errorf("%s, after line %d: %w", r.name, r.number, err)
	case !more:
		return Record{}, io.EOF
	}
	r.number++
	record, err := ParseLine(bytes.TrimSuffix(r.lines.Bytes(), []byte{'\r'}))
	if err != nil {
		return record, fmt.Errorf("%s:%d: %w", r.name, r.number, err)
	}
	return record, nil
}
