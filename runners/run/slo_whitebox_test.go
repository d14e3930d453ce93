package run

import (
	"math"
	"testing"

	"bpfdb/runners/spec"
)

// The search finds a threshold it does not know to the resolution, in few probes.
func TestNextRate(t *testing.T) {
	slo := &spec.SLO{From: 1000, To: 1e6, Resolution: 0.02}
	for _, limit := range []float64{1000, 1234, 50_000, 999_999, 2e6} {
		low, high, probes := 0.0, math.Inf(1), 0
		for rate := slo.From; rate > 0; rate = nextRate(slo, low, high) {
			probes++
			if rate <= limit {
				low = rate
			} else {
				high = rate
			}
		}
		if want := min(limit, slo.To); low > want || low < want*(1-slo.Resolution) || probes > 18 {
			t.Errorf("limit %v: found %v in %d probes", limit, low, probes)
		}
	}
	if rate := nextRate(slo, 0, math.Inf(1)); rate != slo.From {
		t.Errorf("with nothing known yet, %v is tried", rate)
	}
	if rate := nextRate(slo, 0, slo.From); rate != 0 {
		t.Errorf("after the lowest rate was too high, %v is tried", rate)
	}
}
