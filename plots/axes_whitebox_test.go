package plots

import (
	"testing"

	"bpfdb/plots/units"
)

func TestEvenTicks(t *testing.T) {
	for top := 0.003; top < 3e9; top *= 1.07 {
		ticks := evenTicks(top, units.Rate)
		last := ticks[len(ticks)-1].Value
		if len(ticks) < 4 || len(ticks) > 9 || last > top*1.001 || last < top*0.6 {
			t.Errorf("top %g: %d ticks, the last at %g", top, len(ticks), last)
		}
	}
}

func TestEvenTicksWithoutData(t *testing.T) {
	if ticks := evenTicks(0, units.Rate); len(ticks) != 2 || ticks[0].Value != 0 {
		t.Errorf("got %v, want an axis from 0 to 1", ticks)
	}
}

func TestSystemColors(t *testing.T) {
	systems := []string{"bpfdb-sockmap", "redis", "valkey", "keydb"}
	seen := map[any]string{}
	for _, system := range systems {
		c := systemColor(system, systems)
		if seen[c] != "" {
			t.Errorf("%s and %s have one colour", system, seen[c])
		}
		seen[c] = system
	}
	if systemColor("redis", systems) != systemColor("redis", []string{"redis"}) {
		t.Error("a known system's colour depends on the company it is in")
	}
}
