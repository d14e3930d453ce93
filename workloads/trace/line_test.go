package trace

import (
	"errors"
	"io"
	"strings"
	"testing"
)

func TestParseLine(t *testing.T) {
	for line, want := range map[string]Record{
		"0,q:q:1:8WTf,12,213,4,get,0": {
			Key: []byte("q:q:1:8WTf"), KeyBytes: 12, ValueBytes: 213, Client: []byte("4"), Operation: Get,
		},
		"604799,a,1,0,,delete,0": {Second: 604_799, Key: []byte("a"), KeyBytes: 1, Operation: Delete},
		"7,a,b,,c,6,3,x,cas,2592000": {
			Second: 7, Key: []byte("a,b,,c"), KeyBytes: 6, ValueBytes: 3, Client: []byte("x"), Operation: CAS,
			TTLSec: 2_592_000,
		},
		"1000000000,k,1,1000000000,1,decr,1000000000": {
			Second: 1e9, Key: []byte("k"), KeyBytes: 1, ValueBytes: 1e9, Client: []byte("1"), Operation: Decr,
			TTLSec: 1e9,
		},
	} {
		got, err := ParseLine([]byte(line))
		if err != nil || string(AppendLine(nil, got)) != string(AppendLine(nil, want)) {
			t.Errorf("%s: %+v, %v; want %+v", line, got, err, want)
		}
	}
	for o := range OperationCount {
		if got, err := ParseLine([]byte("1,k,1,2,3," + o.String() + ",4")); err != nil || got.Operation != o {
			t.Errorf("%v: read as %v, %v", o, got.Operation, err)
		}
	}
}

func TestParseLineRefuses(t *testing.T) {
	for line, want := range map[string]string{
		"":                                      "1 fields, want 7: timestamp, key,",
		"1,k,1,2,3,get":                         "6 fields, want 7",
		"1,,1,2,3,get,0":                        "the key is empty",
		"1,k,1,2,3,GET,0":                       `operation "GET" is unknown`,
		"1,k,1,2,3,,0":                          `operation "" is unknown`,
		"-1,k,1,2,3,get,0":                      `timestamp "-1" is not a number`,
		"1.5,k,1,2,3,get,0":                     `timestamp "1.5" is not a number`,
		",k,1,2,3,get,0":                        `timestamp "" is not a number`,
		"1,k, 1,2,3,get,0":                      `key size " 1" is not a number`,
		"1,k,1,1000000001,3,get,0":              `value size "1000000001" is not a number from 0 to 1000000000`,
		"1,k,1,2,3,get,99999999999999999999999": "TTL \"99999999999999999999\" is not",
		"1,k,1,2,3,get,0 ":                      `TTL "0 " is not a number`,
		"timestamp,key,key size,value size,client id,operation,TTL": `operation "operation" is unknown`,
	} {
		_, err := ParseLine([]byte(line))
		if !errors.Is(err, ErrLine) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want ErrLine with %s", line, err, want)
		}
	}
}

// Whatever is read is written as it was, but for zeros before numbers.
func FuzzParseLine(f *testing.F) {
	f.Add([]byte("0,q:q:1:8WTf,12,213,4,get,0"))
	f.Add([]byte("7,a,b,,c,6,3,x,cas,2592000"))
	f.Add([]byte(",,,,,,"))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := ParseLine(line)
		if err != nil {
			if !errors.Is(err, ErrLine) {
				t.Fatalf("%q: %v", line, err)
			}
			return
		}
		written := AppendLine(nil, r)
		again, err := ParseLine(written[:len(written)-1])
		if err != nil || string(AppendLine(nil, again)) != string(written) || len(written) > len(line)+1 {
			t.Errorf("%q was written as %q and read as %+v, %v", line, written, again, err)
		}
	})
}

func TestReaderNamesTheLine(t *testing.T) {
	const text = "1,a,1,0,9,get,0\r\n1,b,1,0,9,set,60\n"
	r := NewReader(strings.NewReader(text), "x.csv")
	for _, key := range []string{"a", "b"} {
		if got, err := r.Next(); err != nil || string(got.Key) != key {
			t.Errorf("%+v, %v; want key %s", got, err, key)
		}
	}
	if _, err := r.Next(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
	for text, want := range map[string]string{
		"1,a,1,0,9,get,0\n\n":                    "x.csv:2: " + ErrLine.Error(),
		"1,a,1,0,9,get,0\n1,a,1,0,9,jump,0":      "x.csv:2: " + ErrLine.Error() + `: operation "jump"`,
		"1," + strings.Repeat("k", maxLineBytes): "x.csv:1: " + ErrLine.Error() + ": more than",
	} {
		r := NewReader(strings.NewReader(text), "x.csv")
		var err error
		for err == nil {
			_, err = r.Next()
		}
		if !errors.Is(err, ErrLine) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v; want %s", text, err, want)
		}
	}
	broken := io.MultiReader(strings.NewReader(text), errReader{})
	r, err := NewReader(broken, "x.csv"), error(nil)
	for err == nil {
		_, err = r.Next()
	}
	if !errors.Is(err, errBroken) || !strings.Contains(err.Error(), "x.csv, after line 2") {
		t.Errorf("a broken text: %v", err)
	}
}

var errBroken = errors.New("broken")

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errBroken }
