package driver

import (
	"math"
	"slices"
	"testing"
	"time"
)

// arrivals are those of all connections, in order.
func arrivals(cfg Config, seed uint64, ramp, length time.Duration) []float64 {
	var all []float64
	for i := range cfg.total() {
		for s := newSchedule(cfg, seed, i, ramp, length); !s.ended(); s.advance() {
			all = append(all, float64(s.dueNS))
		}
	}
	slices.Sort(all)
	return all
}

// The connections' fixed schedules interleave to one with equal distances.
func TestFixedArrivals(t *testing.T) {
	cfg := Config{Connections: 7, Rate: 1000, Arrival: Fixed}
	all := arrivals(cfg, 1, 0, 3*time.Second)
	if len(all) != 3000 || all[0] != 0 {
		t.Fatalf("%d arrivals, the first at %v ns, want 3000 from 0", len(all), all[0])
	}
	for i, at := range all {
		if math.Abs(at-float64(i)*1e6) > 2 {
			t.Fatalf("arrival %d is at %v ns, want %d", i, at, i*1_000_000)
		}
	}
}

// The connections' Poisson schedules add up to a Poisson process: distances are exponential
// (Kolmogorov-Smirnov at a significance of 0.1 %, with a fixed seed) and do not depend on
// each other.
func TestPoissonArrivals(t *testing.T) {
	const rate = 5000.0
	for _, seed := range []uint64{1, 2, 3} {
		all := arrivals(Config{Connections: 50, Rate: rate, Arrival: Poisson}, seed, 0, 10*time.Second)
		gaps := make([]float64, len(all)-1)
		var product float64
		for i := range gaps {
			gaps[i] = (all[i+1] - all[i]) * rate / 1e9
			if i > 0 {
				product += (gaps[i] - 1) * (gaps[i-1] - 1)
			}
		}
		n := float64(len(gaps))
		if math.Abs(n-50_000) > 4*math.Sqrt(50_000) {
			t.Errorf("seed %d: %v arrivals, want about 50000", seed, n)
		}
		if correlation := product / n; math.Abs(correlation) > 4/math.Sqrt(n) {
			t.Errorf("seed %d: neighbouring distances correlate by %.4f", seed, correlation)
		}
		slices.Sort(gaps)
		var distance float64
		for i, gap := range gaps {
			want := -math.Expm1(-gap)
			distance = max(distance, math.Abs(want-float64(i)/n), math.Abs(want-float64(i+1)/n))
		}
		if limit := 1.95 / math.Sqrt(n); distance > limit {
			t.Errorf("seed %d: distances are %.5f from exponential, limit %.5f", seed, distance, limit)
		}
	}
}

// In a ramp the rate rises evenly: a quarter of its operations are due in its first half.
func TestRamp(t *testing.T) {
	cfg := Config{Connections: 4, Rate: 1000, Arrival: Fixed}
	all := arrivals(cfg, 1, 2*time.Second, 3*time.Second)
	count := func(from, to float64) int {
		first, _ := slices.BinarySearch(all, from*1e9)
		last, _ := slices.BinarySearch(all, to*1e9)
		return last - first
	}
	for _, c := range []struct {
		from, to float64
		want     int
	}{{0, 1, 250}, {1, 2, 750}, {2, 3, 1000}} {
		if got := count(c.from, c.to); got < c.want-1 || got > c.want+1 {
			t.Errorf("%d operations from second %v to %v, want %d", got, c.from, c.to, c.want)
		}
	}
}

func TestScheduleIsAFunctionOfItsSeed(t *testing.T) {
	cfg := Config{Connections: 3, Rate: 1000, Arrival: Poisson}
	a, b := arrivals(cfg, 7, 0, time.Second), arrivals(cfg, 7, 0, time.Second)
	if !slices.Equal(a, b) {
		t.Error("the same seed gave two schedules")
	}
	if slices.Equal(a, arrivals(cfg, 8, 0, time.Second)) {
		t.Error("two seeds gave the same schedule")
	}
	half := Config{Connections: 1, First: 1, Total: 3, Rate: 1000, Arrival: Poisson}
	if newSchedule(half, 7, 1, 0, 0).dueNS != newSchedule(cfg, 7, 1, 0, 0).dueNS {
		t.Error("a connection's schedule depends on the process it is in")
	}
}

func TestDueQueue(t *testing.T) {
	var q dueQueue
	for i := range 1000 {
		due := int64(i*7919) % 1009
		q.push(due, &conn{roomNS: due})
	}
	for last := int64(-1); q.len() > 0; {
		first := q.firstNS()
		if c := q.pop(); c.roomNS != first || first < last {
			t.Fatalf("popped %d after %d, announced %d", c.roomNS, last, first)
		}
		last = first
	}
}
