package oracle

import (
	"strings"
	"testing"
	"time"
)

// TestMatch shows a memory of three requests, of which two were acknowledged, all that a server may have afterwards
// and what it may not.
func TestMatch(t *testing.T) {
	text := func(s string) *string { return &s }
	at := time.Unix(1000, 0)
	remembered := func() *past {
		return &past{base: state{"a": "0"}, steps: []step{
			{"SET a 1", []change{{"a", text("1")}}, at},
			{"MSET a 2 b 2", []change{{"a", text("2")}, {"b", text("2")}}, at.Add(time.Second)},
			{"DEL a b", []change{{"a", nil}, {"b", nil}}, time.Time{}},
		}}
	}
	for _, test := range []struct {
		found   state
		lasting time.Time
		want    string // of the error
		lost    int
	}{
		{state{"a": "2", "b": "2"}, at.Add(time.Second), "", 0},
		{state{}, at.Add(time.Second), "", 0},
		{state{"a": "1"}, at.Add(time.Second), "it is the state after 1", 0}, // an acknowledged one is lost
		{state{"a": "1"}, at, "", 1},
		{state{"a": "0"}, at.Add(-time.Second), "", 2},
		{state{"a": "2"}, at, "a: \"2\", want \"1\"", 0}, // torn
		{state{"b": "2"}, at, "not in any state", 0},
		{state{"a": "2", "b": "2", "c": "3"}, at, "not in any state", 0},
	} {
		p := remembered()
		_, lost, err := p.match(test.found, p.lasting(test.lasting))
		switch {
		case err == nil && (test.want != "" || lost != test.lost):
			t.Errorf("%v: no error, %d lost, want %q, %d", test.found, lost, test.want, test.lost)
		case err != nil && (test.want == "" || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%v: %v, want %q", test.found, err, test.want)
		}
	}
}
