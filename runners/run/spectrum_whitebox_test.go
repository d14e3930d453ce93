package run

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"

	"bpfdb/results"
)

func TestSpectrum(t *testing.T) {
	h := hdrhistogram.New(1, 1_000_000, 3)
	for value := range int64(1000) {
		if err := h.RecordValue(value + 1); err != nil {
			t.Fatal(err)
		}
	}
	values := spectrum(h)
	// 1000 values support quantiles up to 0.999: three decades.
	if want := 3*results.SpectrumPerDecade + 1; len(values) != want {
		t.Fatalf("%d values, want %d", len(values), want)
	}
	for k, value := range values {
		if want := 1000 * results.SpectrumQuantile(k); math.Abs(float64(value)-want) > 1.5 {
			t.Errorf("quantile %.5f: got %d, want about %.0f", results.SpectrumQuantile(k), value, want)
		}
	}
	if empty := spectrum(hdrhistogram.New(1, 10, 3)); len(empty) != 1 {
		t.Errorf("nothing recorded: %v", empty)
	}
}

// The interval covers the true quantile of random draws about as often as it says.
func TestQuantileInterval(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	covered := 0
	const tries = 400
	for range tries {
		h := hdrhistogram.New(1, 10_000_000, 4)
		for range 2000 {
			if err := h.RecordValue(1 + random.Int64N(1_000_000)); err != nil {
				t.Fatal(err)
			}
		}
		if lo, hi := quantileInterval(h, 0.99); lo <= 990_000 && 990_000 <= hi {
			covered++
		}
	}
	if covered < tries*92/100 || covered > tries*99/100 {
		t.Errorf("%d of %d intervals cover the quantile, want about 95 %%", covered, tries)
	}
	h := hdrhistogram.New(1, 1000, 3)
	for range 100 {
		if err := h.RecordValue(5); err != nil {
			t.Fatal(err)
		}
	}
	if lo, hi := quantileInterval(h, 0.99); lo != 0 || hi != 0 {
		t.Errorf("100 values bound the 99th percentile by %d and %d, want nothing", lo, hi)
	}
}
