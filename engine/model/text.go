package model

import (
	"bytes"
	"strconv"
	"strings"
)

// parseInt reads a 64-bit integer as Redis writes it: no plus, no blank, no leading zero, no minus zero.
func parseInt(text []byte) (n int64, ok bool) {
	n, err := strconv.ParseInt(string(text), 10, 64)
	return n, err == nil && strconv.FormatInt(n, 10) == string(text)
}

// cString is text as C sees it, up to the first NUL. Redis compares options and prints arguments this way.
func cString(text []byte) string {
	text, _, _ = bytes.Cut(text, []byte{0})
	return string(text)
}

// isOption reports whether arg is the option name, in any case.
func isOption(arg []byte, name string) bool {
	return lower(cString(arg)) == name
}

// lower folds the case of ASCII letters only, as the C locale does.
func lower(text string) string {
	folded := []byte(text)
	for i, c := range folded {
		if 'A' <= c && c <= 'Z' {
			folded[i] = c + 'a' - 'A'
		}
	}
	return string(folded)
}

// oneLine replaces line ends by blanks so that text fits in an error reply.
func oneLine[T string | []byte](text T) string {
	return lineEnds.Replace(string(text))
}

var lineEnds = strings.NewReplacer("\r", " ", "\n", " ")
