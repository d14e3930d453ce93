package server

import (
	"bytes"
	"strconv"
	"strings"
)

// reply builds one reply in the RESP version of its connection.
type reply struct {
	out     []byte
	version int
}

func (r *reply) line(kind byte, text string) {
	r.out = append(r.out, kind)
	r.out = append(r.out, text...)
	r.out = append(r.out, '\r', '\n')
}

func (r *reply) status(text string) { r.line('+', text) }
func (r *reply) number(n int64)     { r.line(':', strconv.FormatInt(n, 10)) }
func (r *reply) array(elements int) { r.line('*', strconv.Itoa(elements)) }

func (r *reply) bulk(text string) {
	r.line('$', strconv.Itoa(len(text)))
	r.out = append(r.out, text...)
	r.out = append(r.out, '\r', '\n')
}

// verbatim is text for people: a type of its own in RESP3.
func (r *reply) verbatim(text string) {
	if r.version < 3 {
		r.bulk(text)
		return
	}
	r.line('=', strconv.Itoa(len(text)+4))
	r.out = append(r.out, "txt:"...)
	r.out = append(r.out, text...)
	r.out = append(r.out, '\r', '\n')
}

// pairs begins a map, which RESP2 writes as a flat array.
func (r *reply) pairs(n int) {
	if r.version < 3 {
		r.array(2 * n)
	} else {
		r.line('%', strconv.Itoa(n))
	}
}

// set begins a set, which RESP2 writes as an array.
func (r *reply) set(elements int) {
	if r.version < 3 {
		r.array(elements)
	} else {
		r.line('~', strconv.Itoa(elements))
	}
}

func (r *reply) null() {
	if r.version < 3 {
		r.line('$', "-1")
	} else {
		r.line('_', "")
	}
}

// failure appends an error; text begins with its code.
func (r *reply) failure(text string) { r.line('-', lineEnds.Replace(text)) }

func (r *reply) wrongArity(command string) {
	r.failure("ERR wrong number of arguments for '" + command + "' command")
}

func (r *reply) syntaxError() { r.failure("ERR syntax error") }

func (r *reply) unknownSubcommand(command string, sub []byte) {
	r.failure("ERR unknown subcommand '" + cut(cString(sub), 128) + "'. Try " + strings.ToUpper(command) + " HELP.")
}

var lineEnds = strings.NewReplacer("\r", " ", "\n", " ")

// cString is text as Redis prints and compares it: up to the first NUL.
func cString(text []byte) string {
	text, _, _ = bytes.Cut(text, []byte{0})
	return string(text)
}

func cut(text string, limit int) string { return text[:min(len(text), limit)] }

// lower folds ASCII letters only, as Redis does.
func lower(text string) string {
	folded := []byte(text)
	for i, b := range folded {
		if 'A' <= b && b <= 'Z' {
			folded[i] = b + 'a' - 'A'
		}
	}
	return string(folded)
}

// option is an argument in the form options are compared in.
func option(arg []byte) string { return lower(cString(arg)) }
