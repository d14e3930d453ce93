package microbench

import (
	"testing"
	"time"

	"bpfdb/internal/kerneltest"
)

// TestRun measures a small table; the values read are checked by the program itself. Rates
// belong to `bpfdb bench-engine`; what the test holds fast is the memory a key costs.
func TestRun(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.BTF, kerneltest.MinKernel)
	var points []Point
	err := Run(t.Context(), Setting{Keys: 500_000, ValueBytes: 100, CPUs: []int{1}, Duration: 100 * time.Millisecond},
		func(p Point) { points = append(points, p) })
	if err != nil {
		t.Fatal(err)
	}
	if len(points) != len(ops) {
		t.Fatalf("got %d points, want one for each of %v", len(points), ops)
	}
	for _, p := range points {
		t.Logf("%s: %.0f op/s, %.0f ns, %.1f B overhead per key", p.Op, p.RateOps, p.NSPerOp, p.OverheadBytes)
		if p.RateOps <= 0 || p.OverheadBytes <= 0 || p.OverheadBytes > 64 {
			t.Errorf("%+v: want a rate, and 0 to 64 bytes of overhead per key", p)
		}
	}
}
