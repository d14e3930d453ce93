package model

import (
	"bytes"
	"fmt"
	"math"
)

// Limits of a request.
const (
	MaxArgs         = 1024
	MaxRequestBytes = 1 << 20
	MaxLineBytes    = 64 << 10 // of an inline request, of the header of a request or an argument
	maxBulkBytes    = 512 << 20
)

// protocolError is a request that cannot be parsed; the connection closes after the error reply.
type protocolError string

func (e protocolError) Error() string { return "Protocol error: " + string(e) }

const errTooLarge = protocolError("request too large")

// parser cuts a byte stream into requests. The zero value is not ready, use newParser.
type parser struct {
	input   []byte   // not yet parsed
	args    [][]byte // of the request being read
	missing int      // arguments still to come, 0 between requests
	bulk    int      // length of the argument being read in bytes, -1 before its header
	size    int      // bytes of the request parsed so far
	last    int      // bytes of the last request, which in quotes counts as an array
}

func newParser() *parser { return &parser{bulk: -1} }

// next returns the arguments of the next request, none for an empty one; ok is false when more input is
// needed.
func (p *parser) next() (args [][]byte, ok bool, err error) {
	if p.missing == 0 {
		if len(p.input) == 0 {
			return nil, false, nil
		}
		if p.input[0] != '*' {
			return p.inline()
		}
		if ok, err := p.requestHeader(); !ok || err != nil {
			return nil, false, err
		}
	}
	for p.missing > 0 {
		if p.bulk < 0 {
			if ok, err := p.argumentHeader(); !ok || err != nil {
				return nil, false, err
			}
		}
		// Redis skips two bytes after an argument without looking at them.
		if len(p.input) < p.bulk+2 {
			return nil, false, nil
		}
		p.args = append(p.args, p.input[:p.bulk])
		p.advance(p.bulk + 2)
		p.bulk = -1
		p.missing--
	}
	p.last = p.size
	args, p.args, p.size = p.args, nil, 0
	return args, true, nil
}

// requestHeader reads "*<count>\r\n"; a count of zero or less is an empty request.
func (p *parser) requestHeader() (ok bool, err error) {
	line, ok, err := p.header("too big mbulk count string")
	if !ok || err != nil {
		return false, err
	}
	count, ok := parseInt(line[1:])
	switch {
	case !ok || count > math.MaxInt32:
		return false, protocolError("invalid multibulk length")
	case count > MaxArgs:
		return false, errTooLarge
	}
	p.missing = int(max(count, 0))
	return true, nil
}

// argumentHeader reads "$<length>\r\n".
func (p *parser) argumentHeader() (ok bool, err error) {
	line, ok, err := p.header("too big bulk count string")
	if !ok || err != nil {
		return false, err
	}
	if len(line) == 0 || line[0] != '$' {
		return false, protocolError(fmt.Sprintf("expected '$', got '%s'", oneLine(append(line, '\r')[:1])))
	}
	length, ok := parseInt(line[1:])
	switch {
	case !ok || length < 0 || length > maxBulkBytes:
		return false, protocolError("invalid bulk length")
	case p.size+int(length)+2 > MaxRequestBytes:
		return false, errTooLarge
	}
	p.bulk = int(length)
	return true, nil
}

// header takes a line up to CR and the byte after it, which Redis takes for LF whatever it is.
func (p *parser) header(tooBig protocolError) (line []byte, ok bool, err error) {
	end, err := p.find('\r', tooBig)
	if end < 0 || err != nil || len(p.input) < end+2 {
		return nil, false, err
	}
	line = bytes.Clone(p.input[:end])
	p.advance(end + 2)
	return line, true, nil
}

// find returns where the first delim is, -1 while it has not come. As in Redis a NUL byte hides what follows,
// so that such a line can only end by being too big.
func (p *parser) find(delim byte, tooBig protocolError) (int, error) {
	end := bytes.IndexByte(p.input, delim)
	if end >= 0 && bytes.IndexByte(p.input[:end], 0) >= 0 {
		end = -1
	}
	if end > MaxLineBytes || end < 0 && len(p.input) > MaxLineBytes {
		return 0, tooBig
	}
	return end, nil
}

func (p *parser) advance(n int) {
	p.input = p.input[n:]
	p.size += n
}
