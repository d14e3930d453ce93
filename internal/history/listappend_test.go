package history

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var accessPattern = regexp.MustCompile(`(a)(\d+)\+(\d+)|(r)(\d+)=([\d,]*)`)

// parse reads transactions, one a line: session, call and return times, outcome (c, a, i), then accesses such as
// a1+7 (append 7 to list 1) and r1=6,7.
func parse(t *testing.T, text string) (txns []Transaction) {
	t.Helper()
	number := func(s string) uint64 {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		txn := Transaction{Session: int(number(fields[0])), Outcome: Outcome(strings.Index("cai", fields[3]))}
		txn.CallNS, txn.ReturnNS = int64(number(fields[1])), int64(number(fields[2]))
		for _, f := range fields[4:] {
			m := accessPattern.FindStringSubmatch(f)
			if m == nil {
				t.Fatalf("access %q", f)
			}
			if m[1] == "a" {
				txn.Accesses = append(txn.Accesses, Access{Append: true, Key: number(m[2]), Value: number(m[3])})
				continue
			}
			a := Access{Key: number(m[5])}
			for _, v := range strings.FieldsFunc(m[6], func(r rune) bool { return r == ',' }) {
				a.List = append(a.List, number(v))
			}
			txn.Accesses = append(txn.Accesses, a)
		}
		txns = append(txns, txn)
	}
	return txns
}

var handwritten = []struct {
	name, text string
	want       []string // anomalies; nil = serializable
}{
	{"empty", ``, nil},
	{"in turn", `
		0 0 1 c a1+1 r1=1
		1 2 3 c r1=1 a1+2
		0 4 5 c r1=1,2`, nil},
	{"dirty write", `
		0 0 9 c a1+1 a2+2
		1 0 9 c a1+3 a2+4
		2 10 11 c r1=1,3 r2=4,2`, []string{G0}},
	{"aborted read", `
		0 0 9 a a1+1
		1 0 9 c r1=1`, []string{G1a}},
	{"an aborted append unseen", `
		0 0 1 a a1+1
		1 2 3 c r1=`, nil},
	{"intermediate read", `
		0 0 9 c a1+1 a1+2
		1 0 9 c r1=1
		2 10 11 c r1=1,2`, []string{G1b, GSingle}},
	{"circular information flow", `
		0 0 9 c a1+1 r2=2
		1 0 9 c a2+2 r1=1`, []string{G1c}},
	{"read skew", `
		0 0 9 c r1= r2=2
		1 0 9 c a1+1 a2+2
		2 10 11 c r1=1 r2=2`, []string{GSingle}},
	{"write skew", `
		0 0 9 c r1= a2+2
		1 0 9 c r2= a1+1
		2 10 11 c r1=1 r2=2`, []string{G2Item}},
	{"write skew on appends nobody read", `
		0 0 9 c r1= a2+2
		1 0 9 c r2= a1+1`, []string{G2Item}},
	{"lost update, overwritten", `
		0 0 9 c r1= a1+1
		1 0 9 c r1= a1+2
		2 10 11 c r1=2`, []string{LostUpdate, GSingle}},
	{"lost update, in both orders", `
		0 0 9 c r1= a1+1 r1=1
		1 0 9 c r1= a1+2 r1=2`, []string{IncompatibleOrder, LostUpdate, GSingle}},
	{"read-only anomaly", `
		0 0 9 c r1= r2= a2+20
		1 0 3 c a1+10
		2 4 5 c r1=10 r2=
		3 10 11 c r1=10 r2=20`, []string{G2Item}},
	{"internal, own append", `
		0 0 9 c a1+1 r1=`, []string{Internal}},
	{"internal, own append to come", `
		0 0 9 c r1=1 a1+1`, []string{Internal}},
	{"internal, two reads", `
		0 0 9 c r1= r1=1
		1 0 9 c a1+1`, []string{Internal}},
	{"own appends and reads", `
		0 0 1 c a1+1 r1=1 a1+2 r1=1,2 r1=1,2
		1 2 3 c a1+3 a2+4 r1=1,2,3 r2=4`, nil},
	{"incompatible order", `
		0 0 9 c a1+1
		1 0 9 c a1+2
		2 0 9 c r1=1,2
		3 0 9 c r1=2,1`, []string{IncompatibleOrder}},
	{"own appends in another order", `
		0 0 9 c a1+1 a1+2
		1 0 9 c r1=2,1`, []string{IncompatibleOrder, G1b}},
	{"first of two appends lost", `
		0 0 9 c a1+1 a1+2
		1 0 9 c r1=2`, []string{IncompatibleOrder, GSingle}},
	{"appended once, twice there", `
		0 0 9 c a1+1
		1 0 9 c r1=1,1`, []string{DuplicateAppend, IncompatibleOrder}},
	{"appended by two", `
		0 0 9 c a1+1
		1 0 9 c a2+1`, []string{DuplicateAppend}},
	{"never appended", `
		0 0 9 c r1=7`, []string{UnwrittenValue}},
	{"appended elsewhere", `
		0 0 9 c a2+7
		1 0 9 c r1=7`, []string{UnwrittenValue}},
	{"stale read", `
		0 0 1 c a1+1
		1 2 3 c r1=
		2 4 5 c r1=1`, []string{GSingle + "-realtime"}},
	{"an append that never was", `
		0 0 1 c a1+1
		1 2 3 c r1=`, []string{GSingle + "-realtime"}},
	{"overlapping, so either order", `
		0 0 2 c a1+1
		1 1 3 c r1=
		2 4 5 c r1=1`, nil},
	{"a session that forgets", `
		0 1 9 c a1+1
		0 2 9 c r1=
		2 10 11 c r1=1`, []string{GSingle + "-process"}},
	{"indeterminate, committed", `
		0 0 1 i r2= a1+1
		1 2 3 c r1=1`, nil},
	{"indeterminate, after all others", `
		0 0 1 i a1+1
		1 2 3 c r1=
		1 4 5 c r1=1`, nil},
	{"indeterminate, not committed", `
		0 0 1 i r1= a1+1
		1 0 9 c r1= a1+2
		2 10 11 c r1=2`, nil},
	{"indeterminate, committed on a stale read", `
		0 0 1 i r1= a2+1
		1 0 9 c r2= a1+2
		2 10 11 c r1=2 r2=1`, []string{G2Item}},
	{"indeterminate, seen by an indeterminate one that was seen", `
		0 0 1 i a1+1
		1 0 1 i r1=1 a2+2
		2 2 3 c r2=2 r1=`, []string{GSingle}},
	{"indeterminate, half of it", `
		0 0 1 i a1+1 a2+2
		1 2 3 c r1=1 r2=`, []string{GSingle}},
	{"called before it returned, whatever it says", `
		0 9 0 c a1+1
		1 10 11 c r1=1`, nil},
}

func TestAnomalies(t *testing.T) {
	for _, tt := range handwritten {
		var got []string
		anomalies := Anomalies(parse(t, tt.text))
		for _, a := range anomalies {
			got = append(got, a.Name)
		}
		slices.Sort(got)
		slices.Sort(tt.want)
		if !slices.Equal(slices.Compact(got), tt.want) {
			t.Errorf("%s: got %q, want %q\n%v", tt.name, got, tt.want, anomalies)
		}
	}
}

// TestAnomalyText reads like an explanation.
func TestAnomalyText(t *testing.T) {
	got := Anomalies(parse(t, `
		0 0 9 c r1= a2+2
		1 0 9 c r2= a1+1
		2 10 11 c r1=1 r2=2`))
	const want = `G2-item
  T0 (, session 0, committed, 0 to 9 ns): r(1)=[] a(2, 2)
  T1 (, session 1, committed, 0 to 9 ns): r(2)=[] a(1, 1)
  T0 must come before T1: rw, read list 1 before it was appended to
  T1 must come before T0: rw, read list 2 before it was appended to
  (write skew)
`
	if text := fmt.Sprint(got[0]); text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}
