package workloads

import (
	"math"
	"math/rand/v2"
	"testing"
)

// ycsbDraws were computed from YCSB's formulas by a program in another language, with the
// C library's pow: for a uniform draw, the rank and the key among 1000000 and 1000.
var ycsbDraws = []struct {
	u                   float64
	rank, million, thou uint64
}{
	{0, 0, 801320, 144},
	{0.0377, 0, 801320, 144},
	{0.0378, 1, 216074, 610},
	{0.0568, 1, 216074, 610},
	{0.057, 2, 971811, 213},
	{0.1, 6, 293804, 942},
	{0.123456789, 11, 993161, 971},
	{0.25, 296, 84930, 809},
	{0.3, 1038, 25428, 824},
	{0.4375, 30179, 773111, 619},
	{0.5, 134552, 686676, 367},
	{0.625, 2505186, 662603, 867},
	{0.7, 13910962, 508720, 11},
	{0.75, 42924421, 874340, 767},
	{0.8, 130797456, 168764, 104},
}

// scripted is a source of randomness that makes Float64 return given numbers.
type scripted struct{ next []float64 }

func (s *scripted) Uint64() uint64 {
	u := s.next[0]
	s.next = s.next[1:]
	return uint64(u * (1 << 53))
}

func TestYCSBZipfGolden(t *testing.T) {
	for _, want := range ycsbDraws {
		d := newYCSBZipf(1_000_000)
		if got := d.rank(want.u); got != want.rank {
			t.Errorf("u=%g: rank %d, want %d", want.u, got, want.rank)
		}
		if got := d.Next(rand.New(&scripted{[]float64{want.u}})); got != want.million {
			t.Errorf("u=%g: key %d of a million, want %d", want.u, got, want.million)
		}
		if got := newYCSBZipf(1000).Next(rand.New(&scripted{[]float64{want.u}})); got != want.thou {
			t.Errorf("u=%g: key %d of a thousand, want %d", want.u, got, want.thou)
		}
	}
}

// TestYCSBZipfRedraws covers the extra key of CoreWorkload: with three records rank 0
// hashes to key 3, which does not exist, and the next draw counts.
func TestYCSBZipfRedraws(t *testing.T) {
	source := &scripted{[]float64{0, 0.0378}}
	want := hashKey(1) % 4
	if got := newYCSBZipf(3).Next(rand.New(source)); got != want || len(source.next) != 0 {
		t.Errorf("key %d with %d draws left, want %d with none", got, len(source.next), want)
	}
}

// TestYCSBZipfSkew shows how much milder than Zipf(0.99) over the keys it is.
func TestYCSBZipfSkew(t *testing.T) {
	const n = 1_000_000
	counts := sampleCounts(newYCSBZipf(n), n)
	tail := 1 / float64(n) // of colliding ranks, roughly
	checkShare(t, "hottest key", counts[hashKey(0)%(n+1)], 1/ycsbZeta+tail)
	checkShare(t, "second key", counts[hashKey(1)%(n+1)], math.Pow(2, -YCSBTheta)/ycsbZeta+tail)
}
