package run

import (
	"math"
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
