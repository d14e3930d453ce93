package gate

import (
	"testing"
)

func TestCompareExact(t *testing.T) {
	base := map[string]float64{"same": 100, "grown": 100, "a little": 100, "smaller": 100, "gone": 1}
	head := map[string]float64{"same": 100, "grown": 111, "a little": 110, "smaller": 90, "new": 1e9}
	for _, e := range CompareExact(Instructions, base, head) {
		want := OK
		if e.Name == "grown" {
			want = Regression
		}
		if e.Verdict != want {
			t.Errorf("%s: got %s, want %s", e.Name, e.Verdict, want)
		}
		if (e.Base == nil) != (e.Name == "new") || (e.Head == nil) != (e.Name == "gone") {
			t.Errorf("%s: sides %v, %v", e.Name, e.Base, e.Head)
		}
	}
	for _, e := range CompareExact(Allocations, map[string]float64{"x": 0}, map[string]float64{"x": 1}) {
		if e.Verdict != Regression {
			t.Errorf("one more allocation is %s", e.Verdict)
		}
	}
}

func TestParseAllocations(t *testing.T) {
	got, err := parseAllocations(`goos: linux
pkg: bpfdb/workloads
cpu: Test CPU
BenchmarkNext-2          	    5000	       104.5 ns/op	       0 B/op	       0 allocs/op
BenchmarkKeys/zipf-2     	    5000	       104.5 ns/op	  12 MB/s	      24 B/op	       3 allocs/op
PASS
ok  	bpfdb/workloads	0.5s
pkg: bpfdb/runners/driver
BenchmarkNext 	    5000	       104.5 ns/op	       0 B/op	       7 allocs/op
`)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{"bpfdb/workloads.BenchmarkNext": 0, "bpfdb/workloads.BenchmarkKeys/zipf": 3,
		"bpfdb/runners/driver.BenchmarkNext": 7}
	if len(got) != len(want) {
		t.Errorf("got %v", got)
	}
	for name, count := range want {
		if got[name] != count {
			t.Errorf("%s: got %v, want %v", name, got[name], count)
		}
	}
}
