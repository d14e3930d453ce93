package dialogue

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// step is what one line, or a run of neighbouring lines of one kind, of a file asks for.
type step struct {
	line   int // number in the file, from 1, of the last line of the step
	conn   string
	kind   kind
	data   []byte // to send or to expect
	closed bool   // expect the connection to close behind data
	action []string
}

type kind int

const (
	send kind = iota
	expect
	act
)

var linePattern = regexp.MustCompile(`^([a-z0-9]*)(>>|>|<<|<|:)(?: (.*))?$`)

// actions by name with the number of their arguments.
var actions = map[string]int{"split": 1, "half-close": 0, "close": 0, "reset": 0}

// readScript parses a dialogue file.
func readScript(file string) ([]step, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var steps []step
	joins := false // the previous line can take this one in
	for i, line := range strings.Split(string(text), "\n") {
		if line == "" || line[0] == '#' {
			joins = false
			continue
		}
		next, err := parseLine(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, i+1, err)
		}
		next.line = i + 1
		if last := len(steps) - 1; joins && steps[last].takes(next) {
			steps[last].line = next.line
			steps[last].data = append(steps[last].data, next.data...)
			steps[last].closed = next.closed
		} else {
			steps = append(steps, next)
		}
		joins = true
	}
	return steps, nil
}

func (s step) takes(next step) bool {
	return s.kind != act && s.kind == next.kind && s.conn == next.conn && !s.closed
}

func parseLine(line string) (s step, err error) {
	match := linePattern.FindStringSubmatch(line)
	if match == nil {
		return s, fmt.Errorf("%q is none of > >> < << : #", line)
	}
	s.conn = match[1]
	mark, text := match[2], match[3]
	switch {
	case mark == ">":
		s.data, err = encodeCommand(text)
	case mark == ">>":
		s.data, _, err = unescape(text, 0)
	case mark == ":":
		s.kind, s.action = act, strings.Fields(text)
		err = checkAction(s.action)
	default:
		s.kind = expect
		if s.closed = text == "(closed)"; s.closed {
			break
		}
		if s.data, _, err = unescape(text, 0); mark == "<" {
			s.data = append(s.data, '\r', '\n')
		}
	}
	return s, err
}

func checkAction(action []string) error {
	if len(action) == 0 {
		return fmt.Errorf("no action after the colon")
	}
	if want, ok := actions[action[0]]; !ok || len(action) != want+1 {
		return fmt.Errorf("unknown action %q", strings.Join(action, " "))
	}
	if action[0] == "split" {
		if n, err := strconv.Atoi(action[1]); err != nil || n < 1 {
			return fmt.Errorf("split %s: want a number of bytes", action[1])
		}
	}
	return nil
}

// encodeCommand splits words at blanks and writes them as an array of bulk strings.
func encodeCommand(text string) ([]byte, error) {
	var words [][]byte
	for text = strings.TrimLeft(text, " "); text != ""; text = strings.TrimLeft(text, " ") {
		var word []byte
		var err error
		if text[0] == '"' {
			word, text, err = unescape(text[1:], '"')
		} else {
			plain, rest, _ := strings.Cut(text, " ")
			text = rest
			word, _, err = unescape(plain, 0)
		}
		if err != nil {
			return nil, err
		}
		words = append(words, word)
	}
	return Encode(words...), nil
}

// Encode writes a command as an array of bulk strings.
func Encode(words ...[]byte) []byte {
	out := fmt.Appendf(nil, "*%d\r\n", len(words))
	for _, word := range words {
		out = slices.Concat(fmt.Appendf(out, "$%d\r\n", len(word)), word, []byte("\r\n"))
	}
	return out
}
