package trace

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"bpfdb/workloads"
)

func newReplay(t *testing.T, text string, part Part) *Replay {
	t.Helper()
	r, err := New(NewReader(strings.NewReader(text), "test"), part)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// say describes a request: what is sent and what must come back.
func say(r *Replay, i uint64) string {
	q := r.Request(i)
	text := q.Operation.String() + " " + r.Key(i)
	switch q.Operation {
	case Get, Gets:
		if !q.Present {
			return text + " -> none"
		}
		return text + " -> " + strconv.Itoa(r.ValueBytes(i)) + " B"
	case Set:
		return text + " " + strconv.Itoa(r.ValueBytes(i)) + " B"
	case Add, Replace, CAS:
		return text + " " + strconv.Itoa(r.ValueBytes(i)) + " B -> " + strconv.FormatBool(q.Stores())
	case Append:
		text += " " + strconv.Itoa(r.ValueBytes(i)) + " B"
	}
	return text + " -> " + strconv.FormatInt(q.Integer(), 10)
}

// Each line with what it must become; loads come first, in brackets.
func TestMapping(t *testing.T) {
	for name, c := range map[string]struct{ lines, want []string }{
		"a warm key, and a cold one": {
			[]string{"a,1,10,9,get,0", "b,1,0,9,get,0", "b,1,70,9,set,60", "b,1,70,9,gets,0"},
			[]string{"(set a 10 B)", "get a -> 10 B", "get b -> none", "set b 70 B", "gets b -> 70 B"},
		},
		"stores with a condition": {
			[]string{"a,1,4,9,add,0", "a,1,5,9,add,0", "a,1,0,9,get,0", "b,1,6,9,replace,0", "a,1,0,9,delete,0",
				"a,1,7,9,cas,0", "a,1,8,9,replace,0", "c,1,9,9,cas,0"},
			[]string{"(set b 6 B)", "(set c 9 B)", "add a 4 B -> true", "add a 5 B -> false", "get a -> 4 B",
				"replace b 6 B -> true", "delete a -> 1", "cas a 7 B -> false", "replace a 8 B -> false",
				"cas c 9 B -> true"},
		},
		"growing": {
			[]string{"a,1,4,9,append,0", "a,1,5,9,append,0", "a,1,9,9,get,0", "a,1,5,9,prepend,0", "a,1,0,9,delete,0",
				"a,1,0,9,delete,0", "a,1,9,9,get,0"},
			[]string{"append a 4 B -> 4", "append a 5 B -> 9", "get a -> 9 B", "delete a -> 1", "delete a -> 0",
				"get a -> none"},
		},
		"a value of the greatest length grows no more": {
			[]string{"a,1,65530,9,set,0", "a,1,100,9,append,0", "a,1,99,9,append,0", "b,1,99999,9,set,0"},
			[]string{"set a 65530 B", "append a 6 B -> 65536", "append a 0 B -> 65536", "set b 65536 B"},
		},
		"counting": {
			[]string{"a,1,1,9,delete,0", "a,1,2,9,incr,0", "a,1,2,9,incr,0", "a,1,2,9,decr,0", "a,1,2,9,append,0",
				"a,1,1,9,get,0", "a,1,99,9,set,0", "b,1,0,9,get,0", "b,1,3,9,append,0", "b,1,3,9,get,0",
				"b,1,3,9,incr,0"},
			[]string{"delete a -> 0", "incr a -> 1", "incr a -> 2", "decr a -> 1", "append a 0 B -> 1", "get a -> 1 B",
				"set a 18 B", "get b -> none", "append b 3 B -> 3", "get b -> 3 B"},
		},
	} {
		r := newReplay(t, "1,"+strings.Join(c.lines, "\n1,")+"\n", Part{})
		var got []string
		for i := range r.Loads() {
			got = append(got, "("+say(r, i)+")")
		}
		for i := r.Loads(); i < r.Loads()+r.Len(workloads.Measured); i++ {
			got = append(got, say(r, i))
		}
		if len(got) > len(c.want) && name == "counting" {
			got = got[:len(c.want)] // what a random number is one more than is for the next test
		}
		if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
			t.Errorf("%s: got\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// A server played by a map, which only knows commands, agrees with what the simulation says.
func TestValuesAreThoseOfAServer(t *testing.T) {
	source, err := Synthetic{Keys: 200, RateOps: 1000, Skew: 0.8, Seed: 3}.NewSource()
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(source, Part{WarmupRequests: 500, Requests: 20_000})
	if err != nil {
		t.Fatal(err)
	}
	data, absent := map[string]string{}, uint64(0)
	for i := range r.Loads() + r.Len(workloads.Warmup) + r.Len(workloads.Measured) {
		q, key := r.Request(i), r.Key(i)
		old, present := data[key]
		if q.Present != present {
			t.Fatalf("request %d: %s: present %v, want %v", i, say(r, i), q.Present, present)
		}
		value := string(r.AppendValue(nil, i))
		if len(value) != r.ValueBytes(i) {
			t.Fatalf("request %d: %s has a value of %d bytes", i, say(r, i), len(value))
		}
		switch q.Operation {
		case Get, Gets:
			if err := r.Verify(i, []byte(old)); (err == nil) != present {
				t.Fatalf("request %d: %v", i, err)
			}
			if err := r.Verify(i, []byte(old+"x")); !errors.Is(err, ErrValue) || !strings.Contains(err.Error(), key) {
				t.Fatalf("request %d: %v", i, err)
			}
			if !present && i >= r.Loads()+r.Len(workloads.Warmup) {
				absent++
			}
		case Add, Replace, CAS, Set:
			if q.Operation == Set || q.Stores() {
				data[key] = value
			}
		case Append:
			data[key] += value
			if got := q.Integer(); got != int64(len(data[key])) {
				t.Fatalf("request %d: %s, want %d", i, say(r, i), len(data[key]))
			}
		case Delete:
			delete(data, key)
		case Incr, Decr:
			number, _ := strconv.ParseInt(old, 10, 64)
			number += map[Operation]int64{Incr: 1, Decr: -1}[q.Operation]
			data[key] = strconv.FormatInt(number, 10)
			if q.Integer() != number {
				t.Fatalf("request %d: %s, want %d", i, say(r, i), number)
			}
		}
	}
	report := r.Report()
	if report.AbsentReads != absent || absent == 0 || report.Loaded != r.Loads() || report.Lines < 20_500 {
		t.Errorf("%d reads without a value; %+v", absent, report)
	}
	for o, count := range report.Operations {
		if (count.Sent > 0) != (Operations[o].Command != "") || (count.Skipped > 0) != (Operation(o) == Prepend) {
			t.Errorf("%v: %+v", Operation(o), count)
		}
	}
}

// What cannot be replayed as it was is counted.
func TestReportCounts(t *testing.T) {
	long := strings.Repeat("k", MaxKeyBytes+1)
	r := newReplay(t, strings.Join([]string{
		"5,a,1,10,9,get,0", "5,a,7,10,9,set,60", "4,a,1,70000,9,set,60", "6," + long + ",513,1,9,set,0",
		"6,a,1,1,9,prepend,0", "9,b,1,0,9,incr,0",
	}, "\n"), Part{})
	got := r.Report()
	if got.Lines != 6 || got.Keys != 2 || got.Loaded != 2 || got.TTLIgnored != 2 || got.OtherSizes != 1 ||
		got.Unordered != 1 || got.LongKeys != 1 || got.CutValues != 2 || got.Span != 4*time.Second ||
		got.Operations[Set] != (Count{2, 1}) || got.Operations[Prepend] != (Count{0, 1}) ||
		got.Operations[Get] != (Count{1, 0}) || got.AbsentReads != 0 || len(got.SHA256) != 64 {
		t.Errorf("%+v", got)
	}
}

// The requests of a second are spread over it, and a part is cut where its time ends.
func TestTimes(t *testing.T) {
	const text = "100,a,1,0,9,get,0\n100,a,1,0,9,prepend,0\n100,b,1,0,9,get,0\n100,a,1,0,9,get,0\n" +
		"102,c,1,0,9,get,0\n102,c,1,0,9,get,0\n103,c,1,0,9,get,0\n"
	r := newReplay(t, text, Part{})
	want := []time.Duration{0, 500, 750, 2000, 2500, 3000}
	if r.Len(workloads.Measured) != uint64(len(want)) {
		t.Fatalf("%d requests, want %d", r.Len(workloads.Measured), len(want))
	}
	for i, ms := range want {
		if got := r.Due(workloads.Measured, uint32(i), 2); got != ms*time.Millisecond/2 {
			t.Errorf("request %d is due at %v, want %v", i, got, ms*time.Millisecond/2)
		}
	}
	r = newReplay(t, text, Part{WarmupTime: 600 * time.Millisecond, Time: 1900 * time.Millisecond})
	if w, m := r.Len(workloads.Warmup), r.Len(workloads.Measured); w != 2 || m != 2 {
		t.Errorf("%d and %d requests in 0.6 s and the 1.9 s after them, want 2 and 2", w, m)
	}
	if got := r.Due(workloads.Measured, 2, 1); got != 150*time.Millisecond {
		t.Errorf("the first measured request is due at %v, want 150ms", got)
	}
	if got := r.Report().Operations[Get].Sent; got != 4 {
		t.Errorf("%d gets reported, want those that are replayed, 4", got)
	}
}

func TestTooShort(t *testing.T) {
	const text = "100,a,1,0,9,get,0\n100,b,1,0,9,prepend,0\n102,c,1,0,9,get,0\n"
	for want, part := range map[string]Part{
		"2 requests in 3 lines can be sent, want 3": {WarmupRequests: 1, Requests: 2},
		"it lasts 3s, want 4s":                      {WarmupTime: time.Second, Time: 3 * time.Second},
		"is left to be measured":                    {WarmupTime: 2500 * time.Millisecond, Time: time.Second / 2},
	} {
		_, err := New(NewReader(strings.NewReader(text), "test"), part)
		if !errors.Is(err, ErrShort) || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v; want %s", part, err, want)
		}
	}
	for _, text := range []string{"", "1,a,1,0,9,prepend,0\n"} {
		for _, part := range []Part{{}, {Requests: 1}, {Time: time.Second}} {
			if _, err := New(NewReader(strings.NewReader(text), "test"), part); !errors.Is(err, ErrShort) {
				t.Errorf("%q, %+v: %v; want ErrShort", text, part, err)
			}
		}
	}
	if _, err := New(NewReader(strings.NewReader("1,a"), "test"), Part{}); !errors.Is(err, ErrLine) {
		t.Errorf("a bad line: %v", err)
	}
}
