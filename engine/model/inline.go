package model

import (
	"bytes"
	"encoding/hex"
)

const errUnbalanced = protocolError("unbalanced quotes in request")

// inline reads a request typed as words on a line that ends in LF or CR LF.
func (p *parser) inline() (args [][]byte, ok bool, err error) {
	end, err := p.find('\n', "too big inline request")
	if end < 0 || err != nil {
		return nil, false, err
	}
	line := bytes.TrimSuffix(p.input[:end], []byte{'\r'})
	p.advance(end + 1)
	p.size = 0
	p.last = end + 1
	args, err = splitWords(line)
	if bytes.ContainsAny(line, `"'`) {
		p.last = arrayBytes(args)
	}
	if err == nil && len(args) > MaxArgs {
		err = errTooLarge
	}
	return args, err == nil, err
}

// arrayBytes is the length of a request of these words as an array.
func arrayBytes(words [][]byte) int {
	r := reply{}
	r.array(len(words))
	for _, word := range words {
		r.bulk(word)
	}
	return len(r.out)
}

// splitWords cuts a line at blanks outside quotes. The line holds no NUL.
func splitWords(line []byte) (words [][]byte, err error) {
	for {
		line = bytes.TrimLeft(line, " \t\r\n\v\f")
		if len(line) == 0 {
			return words, nil
		}
		var word []byte
		if word, line, err = cutWord(line); err != nil {
			return nil, err
		}
		words = append(words, word)
	}
}

// cutWord takes a word off the line. Only a closing quote must stand before a blank; an opening one may stand
// anywhere. Vertical tab and form feed are blanks before a word and after a quote, but do not end a word.
func cutWord(line []byte) (word, rest []byte, err error) {
	word = []byte{}
	for i, c := range line {
		switch c {
		case ' ', '\t', '\r', '\n':
			return word, line[i:], nil
		case '"', '\'':
			quoted, rest, ok := cutQuoted(line[i+1:], c)
			if !ok || len(rest) > 0 && bytes.IndexByte([]byte(" \t\r\n\v\f"), rest[0]) < 0 {
				return nil, nil, errUnbalanced
			}
			return append(word, quoted...), rest, nil
		}
		word = append(word, c)
	}
	return word, nil, nil
}

// cutQuoted takes text up to the closing quote off the line; ok is false if there is none.
func cutQuoted(line []byte, quote byte) (text, rest []byte, ok bool) {
	for len(line) > 0 {
		if line[0] == quote {
			return text, line[1:], true
		}
		c, n := line[0], 1
		if c == '\\' {
			c, n = unescape(line, quote)
		}
		text = append(text, c)
		line = line[n:]
	}
	return nil, nil, false
}

// unescape decodes the escape that line begins with, if it is one, and gives its length. Between single
// quotes only the quote itself can be escaped.
func unescape(line []byte, quote byte) (c byte, n int) {
	if len(line) < 2 || quote == '\'' && line[1] != '\'' {
		return '\\', 1
	}
	if quote == '"' && line[1] == 'x' && len(line) >= 4 {
		var code [1]byte
		if _, err := hex.Decode(code[:], line[2:4]); err == nil {
			return code[0], 4
		}
	}
	if i := bytes.IndexByte([]byte("nrtba"), line[1]); quote == '"' && i >= 0 {
		return "\n\r\t\b\a"[i], 2
	}
	return line[1], 2
}
