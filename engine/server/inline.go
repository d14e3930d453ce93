package server

import (
	"bytes"
	"errors"
	"strconv"

	"bpfdb/engine"
)

var errUnbalanced = errors.New("unbalanced quotes in request")

// inline splits an inline request with quotes, which the kernel leaves to user space, and puts it back in front
// of the input as an array of bulk strings. It fits: a read is a quarter of the area at most,
// and what stood before the line is executed and gone.
func (c *conn) inline() error {
	area := c.loop.area
	line := bytes.TrimSuffix(bytes.TrimSuffix(area.Request(), []byte{'\n'}), []byte{'\r'})
	words, err := splitWords(line)
	area.Skip()
	if err != nil {
		c.closing = true
		return c.answer([]byte("-ERR Protocol error: " + err.Error() + "\r\n"))
	}
	if len(words) == 0 {
		return nil
	}
	input := append(encode(words), area.Rest()...)
	if len(input) > engine.MaxRequest {
		c.closing = true
		return c.answer([]byte("-ERR Protocol error: too big inline request\r\n"))
	}
	if err := c.reply(); err != nil {
		return err
	}
	area.SetInput(0, copy(area.In(), input))
	return nil
}

func isBlank(b byte) bool { return b == ' ' || b >= '\t' && b <= '\r' }

// splitWords cuts a line at blanks outside quotes as Redis's sdssplitargs does.
func splitWords(line []byte) (words [][]byte, err error) {
	for {
		line = bytes.TrimLeft(line, " \t\r\n\v\f")
		if len(line) == 0 {
			return words, nil
		}
		word, rest, err := nextWord(line)
		if err != nil {
			return nil, err
		}
		words, line = append(words, word), rest
	}
}

// nextWord takes a word off the line. Vertical tab and form feed separate words, but do not end an unquoted one.
func nextWord(line []byte) (word, rest []byte, err error) {
	word = []byte{}
	for i := 0; i < len(line); i++ {
		switch b := line[i]; b {
		case ' ', '\t', '\r', '\n':
			return word, line[i:], nil
		case '"', '\'':
			quoted, n := quotedText(line[i+1:], b)
			rest = line[min(i+1+n, len(line)):]
			if n == 0 || len(rest) > 0 && !isBlank(rest[0]) {
				return nil, nil, errUnbalanced
			}
			return append(word, quoted...), rest, nil
		default:
			word = append(word, b)
		}
	}
	return word, nil, nil
}

// quotedText decodes up to the closing quote and returns the bytes taken, the quote included; 0 if it is missing.
func quotedText(line []byte, quote byte) (text []byte, taken int) {
	for i := 0; i < len(line); i++ {
		switch b := line[i]; {
		case b == quote:
			return text, i + 1
		case b == '\\' && i+1 < len(line) && (quote == '"' || line[i+1] == '\''):
			decoded, n := escaped(line[i+1:], quote)
			text = append(text, decoded)
			i += n
		default:
			text = append(text, b)
		}
	}
	return nil, 0
}

// escaped decodes what follows a backslash and returns its length.
func escaped(text []byte, quote byte) (decoded byte, n int) {
	if quote == '"' && len(text) > 2 && text[0] == 'x' {
		if code, err := strconv.ParseUint(string(text[1:3]), 16, 8); err == nil {
			return byte(code), 3
		}
	}
	if quote == '"' {
		switch text[0] {
		case 'n':
			return '\n', 1
		case 'r':
			return '\r', 1
		case 't':
			return '\t', 1
		case 'b':
			return '\b', 1
		case 'a':
			return '\a', 1
		}
	}
	return text[0], 1
}
