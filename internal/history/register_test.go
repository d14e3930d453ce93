package history

import (
	"testing"
	"time"
)

func TestViolations(t *testing.T) {
	write := func(value uint64, from, to int64) Operation {
		return Operation{Code: Write, Value: value, CallNS: from, ReturnNS: to}
	}
	read := func(value uint64, from, to int64) Operation {
		return Operation{Code: Read, Value: value, Found: value != 0, CallNS: from, ReturnNS: to}
	}
	remove := func(found bool, from, to int64) Operation {
		return Operation{Code: Delete, Found: found, CallNS: from, ReturnNS: to}
	}
	for _, tt := range []struct {
		name string
		ops  []Operation
		bad  bool
	}{
		{"in turn", []Operation{
			read(0, 0, 1), write(1, 2, 3), read(1, 4, 5), remove(true, 6, 7), read(0, 8, 9),
		}, false},
		{"read during a write, old", []Operation{write(1, 0, 1), write(2, 2, 5), read(1, 3, 4)}, false},
		{"read during a write, new", []Operation{write(1, 0, 1), write(2, 2, 5), read(2, 3, 4)}, false},
		{"stale read", []Operation{write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)}, true},
		{"new, then old", []Operation{write(1, 0, 1), write(2, 2, 9), read(2, 3, 4), read(1, 5, 6)}, true},
		{"lost write", []Operation{write(1, 0, 1), read(0, 2, 3)}, true},
		{"value never written", []Operation{write(1, 0, 1), read(7, 2, 3)}, true},
		{"deleted twice", []Operation{write(1, 0, 1), remove(true, 2, 3), remove(true, 4, 5)}, true},
	} {
		for i := range tt.ops {
			tt.ops[i].Client = i
		}
		bad, undecided := Violations(tt.ops, time.Second)
		if (len(bad) > 0) != tt.bad || len(undecided) > 0 {
			t.Errorf("%s: violated %v, undecided %v, want violated %v", tt.name, bad, undecided, tt.bad)
		}
	}
}
