package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		xs   []float64
		want float64
	}{
		{[]float64{7}, 7},
		{[]float64{3, 1, 2}, 2},
		{[]float64{4, 1, 3, 2}, 2.5},
		{[]float64{5, 5, 1, 9, 5}, 5},
	} {
		before := slices.Clone(c.xs)
		if got := Median(c.xs); got != c.want {
			t.Errorf("Median(%v) = %v, want %v", c.xs, got, c.want)
		}
		if !slices.Equal(before, c.xs) {
			t.Errorf("Median changed its argument %v to %v", before, c.xs)
		}
	}
	if !math.IsNaN(Median(nil)) {
		t.Error("Median of nothing is a number")
	}
}

func TestMinMax(t *testing.T) {
	if lo, hi := MinMax([]float64{3, -1, 2}); lo != -1 || hi != 3 {
		t.Errorf("MinMax = %v, %v, want -1, 3", lo, hi)
	}
	if lo, hi := MinMax(nil); !math.IsNaN(lo) || !math.IsNaN(hi) {
		t.Errorf("MinMax of nothing = %v, %v, want NaN", lo, hi)
	}
}

func TestBootstrapCIEdges(t *testing.T) {
	if lo, hi := BootstrapCI([]float64{5}, 0.95, 1); lo != 5 || hi != 5 {
		t.Errorf("one value: [%v, %v], want [5, 5]", lo, hi)
	}
	if lo, hi := BootstrapCI(nil, 0.95, 1); !math.IsNaN(lo) || !math.IsNaN(hi) {
		t.Errorf("no value: [%v, %v], want NaN", lo, hi)
	}
	lo1, hi1 := BootstrapCI([]float64{1, 2, 4, 8, 16}, 0.9, 7)
	lo2, hi2 := BootstrapCI([]float64{1, 2, 4, 8, 16}, 0.9, 7)
	if lo1 != lo2 || hi1 != hi2 {
		t.Errorf("same seed, other interval: [%v, %v] and [%v, %v]", lo1, hi1, lo2, hi2)
	}
	defer func() {
		if recover() == nil {
			t.Error("confidence 95 did not panic")
		}
	}()
	BootstrapCI([]float64{1}, 95, 1)
}

// The nominal 95 % interval must cover the true median of a skewed law nearly as often
// as it says; the percentile bootstrap of a median is known to be close at n = 15.
func TestBootstrapCICovers(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const repeats = 200
	covered := 0
	for i := range repeats {
		xs := make([]float64, 15)
		for j := range xs {
			xs[j] = random.ExpFloat64()
		}
		if lo, hi := BootstrapCI(xs, 0.95, uint64(i)); lo <= math.Ln2 && math.Ln2 <= hi {
			covered++
		}
	}
	if covered < repeats*88/100 || covered == repeats {
		t.Errorf("interval covered the median in %d of %d samples, want about 95 %%", covered, repeats)
	}
}

func TestPairedRatio(t *testing.T) {
	// The machine drifts threefold between rounds; the pairs do not notice.
	b := []float64{100, 200, 300}
	a := []float64{150, 300, 450}
	r, err := PairedRatio(a, b, 0.95, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []float64{r.Median, r.Lo, r.Hi} {
		if math.Abs(got-1.5) > 1e-9 {
			t.Errorf("ratio %+v, want 1.5 throughout", r)
		}
	}
	inverse, err := PairedRatio(b, a, 0.95, 1)
	if err != nil || math.Abs(inverse.Median*r.Median-1) > 1e-9 || inverse.Rounds != 3 {
		t.Errorf("swapped ratio %+v (%v), want the inverse of %+v", inverse, err, r)
	}
}

func TestPairedRatioRefuses(t *testing.T) {
	for _, c := range []struct{ a, b []float64 }{
		{nil, nil},
		{[]float64{1, 2}, []float64{1}},
		{[]float64{1, 0}, []float64{1, 1}},
		{[]float64{1, 1}, []float64{1, -1}},
		{[]float64{math.NaN()}, []float64{1}},
		{[]float64{1}, []float64{math.Inf(1)}},
	} {
		if r, err := PairedRatio(c.a, c.b, 0.95, 1); err == nil {
			t.Errorf("PairedRatio(%v, %v) = %+v, want an error", c.a, c.b, r)
		}
	}
}

func TestUnpairedRatio(t *testing.T) {
	a, b := []float64{30, 31, 29, 30}, []float64{10, 10.2, 9.8}
	r, err := UnpairedRatio(a, b, 0.95, 1)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(r.Median-3) > 1e-9 || r.Lo < 2.8 || r.Lo > 3 || r.Hi < 3 || r.Hi > 3.2 || r.Rounds != 3 {
		t.Errorf("got %+v, want about 3 over 3 rounds", r)
	}
	for _, c := range []struct{ a, b []float64 }{{nil, b}, {a, nil}, {[]float64{0}, b}, {a, []float64{math.Inf(1)}}} {
		if r, err := UnpairedRatio(c.a, c.b, 0.95, 1); err == nil {
			t.Errorf("UnpairedRatio(%v, %v) = %+v, want an error", c.a, c.b, r)
		}
	}
}
