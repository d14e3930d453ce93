package driver

import (
	"errors"
	"strings"
	"testing"
)

var replies = []struct {
	text string
	kind byte
	data string
}{
	{"+OK\r\n", '+', "OK"},
	{"+\r\n", '+', ""},
	{"-ERR no\r\n", '-', "ERR no"},
	{":42\r\n", ':', "42"},
	{"$5\r\nhello\r\n", '$', "hello"},
	{"$0\r\n\r\n", '$', ""},
	{"$2\r\n\r\n\r\n", '$', "\r\n"},
	{"$-1\r\n", '_', ""},
	{"_\r\n", '_', ""},
	{"*-1\r\n", '_', ""},
	{"#t\r\n", '#', "t"},
	{",1.5\r\n", ',', "1.5"},
	{"(12345678901234567890\r\n", '(', "12345678901234567890"},
	{"!3\r\nbad\r\n", '!', "bad"},
	{"=7\r\ntxt:abc\r\n", '=', "txt:abc"},
	{"*0\r\n", '*', ""},
	{"*2\r\n$1\r\na\r\n*1\r\n:1\r\n", '*', ""},
	{"%1\r\n+k\r\n~2\r\n:1\r\n:2\r\n", '%', ""},
	{">2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n", '>', ""},
}

func TestParse(t *testing.T) {
	for _, want := range replies {
		for end := range len(want.text) {
			if _, used, err := parse([]byte(want.text[:end])); used != 0 || err != nil {
				t.Errorf("%q: used %d, error %v before it is complete", want.text[:end], used, err)
			}
		}
		r, used, err := parse([]byte(want.text + "+next\r\n"))
		sameData := r.kind == '_' || string(r.data) == want.data // a null has none
		if err != nil || used != len(want.text) || r.kind != want.kind || !sameData {
			t.Errorf("%q: %c%q, used %d, error %v", want.text, r.kind, r.data, used, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"x\r\n", "\r\n", "\n", "+OK\n", "$\r\n", "$-2\r\n", "$1x\r\n",
		"$9999999999999999999999\r\n", "$1048577\r\n",
		"$1\r\nab\r\n", "*2\r\n:1\r\n?\r\n", "*65537\r\n:1\r\n", "$?\r\n",
		strings.Repeat("*2\r\n", maxReplyElements+1) + ":1\r\n",
	} {
		if _, used, err := parse([]byte(text)); !errors.Is(err, ErrProtocol) || used != 0 {
			t.Errorf("%.40q: used %d, error %v, want %v", text, used, err, ErrProtocol)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, r := range replies {
		f.Add([]byte(r.text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_, used, err := parse(data)
		if used < 0 || used > len(data) || err != nil && used != 0 {
			t.Fatalf("used %d of %d bytes, error %v", used, len(data), err)
		}
		if used == 0 {
			return
		}
		if _, less, err := parse(data[:used-1]); less != 0 || err != nil {
			t.Fatalf("without its last byte: used %d, error %v", less, err)
		}
	})
}
