package model

import "strconv"

// reply collects encoded replies. resp is the protocol version, 2 or 3.
type reply struct {
	out  []byte
	resp int
}

func (r *reply) line(kind byte, text string) {
	r.out = append(r.out, kind)
	r.out = append(r.out, text...)
	r.out = append(r.out, '\r', '\n')
}

func (r *reply) status(text string)   { r.line('+', text) }
func (r *reply) failure(text string)  { r.line('-', text) }
func (r *reply) integer(n int64)      { r.line(':', strconv.FormatInt(n, 10)) }
func (r *reply) array(elements int)   { r.line('*', strconv.Itoa(elements)) }
func (r *reply) bulkText(text string) { r.bulk([]byte(text)) }

func (r *reply) bulk(text []byte) {
	r.line('$', strconv.Itoa(len(text)))
	r.out = append(r.out, text...)
	r.out = append(r.out, '\r', '\n')
}

// nullArray says that EXEC did nothing.
func (r *reply) nullArray() {
	if r.resp == 3 {
		r.line('_', "")
	} else {
		r.array(-1)
	}
}

// mapping begins a map, which is a flat array in RESP2.
func (r *reply) mapping(pairs int) {
	if r.resp == 3 {
		r.line('%', strconv.Itoa(pairs))
	} else {
		r.array(2 * pairs)
	}
}

// value is a bulk string, or null if it was not found.
func (r *reply) value(text []byte, found bool) {
	switch {
	case found:
		r.bulk(text)
	case r.resp == 3:
		r.line('_', "")
	default:
		r.line('$', "-1")
	}
}
