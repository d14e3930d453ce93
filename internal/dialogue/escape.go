package dialogue

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// shortestRepeat is the length of a run of equal bytes from which escape writes it as a repetition.
const shortestRepeat = 40

var simpleEscapes = map[byte]byte{'r': '\r', 'n': '\n', 't': '\t', '\\': '\\', '"': '"'}

// unescape decodes text up to its end or, if stop is not 0, up to the first stop that is not escaped.
func unescape(text string, stop byte) (data []byte, rest string, err error) {
	data = []byte{}
	for len(text) > 0 {
		if stop != 0 && text[0] == stop {
			return data, text[1:], nil
		}
		if text[0] != '\\' {
			data = append(data, text[0])
			text = text[1:]
			continue
		}
		var piece []byte
		if piece, text, err = unescapeOne(text[1:]); err != nil {
			return nil, "", err
		}
		data = append(data, piece...)
	}
	if stop != 0 {
		return nil, "", fmt.Errorf("no closing %c", stop)
	}
	return data, "", nil
}

// unescapeOne decodes what stands after a backslash.
func unescapeOne(text string) (data []byte, rest string, err error) {
	switch {
	case text == "":
		return nil, "", errors.New("lone \\ at the end of the line")
	case simpleEscapes[text[0]] != 0:
		return []byte{simpleEscapes[text[0]]}, text[1:], nil
	case text[0] == 'x' && len(text) >= 3:
		data, err = hex.DecodeString(text[1:3])
		return data, text[3:], err
	case text[0] == '{':
		count, rest, _ := strings.Cut(text[1:], "*")
		n, err := strconv.Atoi(count)
		if err != nil || n < 0 {
			return nil, "", fmt.Errorf("\\{%.20s: want \\{count*text}", text[1:])
		}
		unit, rest, err := unescape(rest, '}')
		return bytes.Repeat(unit, n), rest, err
	}
	return nil, "", fmt.Errorf("unknown escape \\%c", text[0])
}

// escape is the inverse of unescape in printable ASCII. It hides blanks at the end and a parenthesis at the
// beginning, which would be lost or taken for (closed).
func escape(data []byte) string {
	var text strings.Builder
	for i := 0; i < len(data); {
		run := 1
		for i+run < len(data) && data[i+run] == data[i] {
			run++
		}
		c := escapeByte(data[i], i == 0 || i == len(data)-1)
		if run >= shortestRepeat {
			c = strings.Replace(c, "}", `\x7d`, 1)
			fmt.Fprintf(&text, "\\{%d*%s}", run, c)
		} else {
			run = 1
			text.WriteString(c)
		}
		i += run
	}
	return text.String()
}

func escapeByte(c byte, edge bool) string {
	switch c {
	case '\r':
		return `\r`
	case '\n':
		return `\n`
	case '\t':
		return `\t`
	case '\\':
		return `\\`
	}
	if c < ' ' || c > '~' || edge && (c == ' ' || c == '(') {
		return fmt.Sprintf(`\x%02x`, c)
	}
	return string(c)
}

// lines writes reply bytes the way a dialogue file does, after the connection's name.
func lines(name string, reply []byte) []string {
	var out []string
	for len(reply) > 0 {
		line, rest, complete := bytes.Cut(reply, []byte("\r\n"))
		repeats := 1
		for complete && bytes.HasPrefix(rest, reply[:len(line)+2]) {
			rest = rest[len(line)+2:]
			repeats++
		}
		switch {
		case !complete:
			out = append(out, name+"<< "+escape(line))
		case repeats >= shortestRepeat:
			out = append(out, fmt.Sprintf("%s<< \\{%d*%s\\r\\n}", name, repeats, escape(line)))
		default:
			text := strings.TrimRight(name+"< "+escape(line), " ")
			out = append(out, slices.Repeat([]string{text}, repeats)...)
		}
		reply = rest
	}
	return out
}
