package driver

import (
	"bytes"
	"fmt"
)

// reply is one parsed reply. data points into the parsed buffer.
type reply struct {
	// kind is the RESP type byte; nulls of either protocol version have kind '_'.
	kind byte
	// data is the payload of a string, or the text of any other line. Aggregates have none.
	data []byte
}

// maxReplyElements bounds the aggregates that parse walks: a HELLO reply has dozens.
const maxReplyElements = 1 << 16

// parse reads the reply at the start of buf and returns how many bytes it took; 0 bytes
// means that buf ends before the reply does. It accepts both protocol versions, and
// aggregates only as a whole. Lines end in CR LF.
func parse(buf []byte) (r reply, used int, err error) {
	r, used, elements, err := parseElement(buf)
	if used == 0 || err != nil || elements == 0 {
		return r, used, err
	}
	for budget := maxReplyElements; elements > 0; elements-- {
		if elements > budget {
			return reply{}, 0, fmt.Errorf("%w: reply of more than %d elements", ErrProtocol, maxReplyElements)
		}
		budget--
		_, n, inner, err := parseElement(buf[used:])
		if n == 0 || err != nil {
			return reply{}, 0, err
		}
		used += n
		elements += inner
	}
	return r, used, nil
}

// parseElement reads one scalar, or the header of an aggregate and how many elements follow.
func parseElement(buf []byte) (r reply, used, elements int, err error) {
	end := bytes.IndexByte(buf, '\n')
	if end < 0 {
		return reply{}, 0, 0, nil
	}
	if end < 2 || buf[end-1] != '\r' {
		return reply{}, 0, 0, fmt.Errorf("%w: reply line %.40q", ErrProtocol, buf[:end+1])
	}
	r, used = reply{kind: buf[0], data: buf[1 : end-1]}, end+1
	switch r.kind {
	case '+', '-', ':', '_', '#', ',', '(':
		return r, used, 0, nil
	case '$', '=', '!', '*', '~', '>', '%', '|':
	default:
		return reply{}, 0, 0, fmt.Errorf("%w: reply type %q", ErrProtocol, r.kind)
	}
	size, err := parseSize(r.data)
	if err != nil {
		return reply{}, 0, 0, err
	}
	if size < 0 {
		return reply{kind: '_'}, used, 0, nil
	}
	switch r.kind {
	case '*', '~', '>':
		return reply{kind: r.kind}, used, size, nil
	case '%', '|':
		return reply{kind: r.kind}, used, 2 * size, nil
	}
	if len(buf) < used+size+2 {
		return reply{}, 0, 0, nil
	}
	if buf[used+size] != '\r' || buf[used+size+1] != '\n' {
		return reply{}, 0, 0, fmt.Errorf("%w: string of %d bytes has no line end", ErrProtocol, size)
	}
	r.data = buf[used : used+size]
	return r, used + size + 2, 0, nil
}

// maxReplySize bounds the length a header may announce.
const maxReplySize = 1 << 20

// parseSize reads the length in a header; -1 is null.
func parseSize(digits []byte) (int, error) {
	if string(digits) == "-1" {
		return -1, nil
	}
	size := 0
	for _, d := range digits {
		if d < '0' || d > '9' || size > maxReplySize {
			return 0, fmt.Errorf("%w: length %.20q", ErrProtocol, digits)
		}
		size = size*10 + int(d-'0')
	}
	if len(digits) == 0 || size > maxReplySize {
		return 0, fmt.Errorf("%w: length %.20q, want 0 to %d", ErrProtocol, digits, maxReplySize)
	}
	return size, nil
}
