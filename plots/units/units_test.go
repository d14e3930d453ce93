package units_test

import (
	"math"
	"testing"

	"bpfdb/plots/units"
)

func TestUnits(t *testing.T) {
	cases := []struct{ got, want string }{
		{units.Rate(0), "0"},
		{units.Rate(999.4), "999"},
		{units.Rate(999.6), "1.00 k"},
		{units.Rate(61_660), "61.7 k"},
		{units.Rate(1_234_567), "1.23 M"},
		{units.Rate(2.5e12), "2500 G"},
		{units.Count(50), "50"},
		{units.Count(100_000), "100 k"},
		{units.Count(1_500_000), "1.5 M"},
		{units.Duration(812), "812 ns"},
		{units.Duration(61_660), "61.7 µs"},
		{units.Duration(1.5e9), "1.50 s"},
		{units.Bytes(1000), "1000 B"},
		{units.Bytes(62.5), "62.5 B"},
		{units.Bytes(65536), "64 KiB"},
		{units.Bytes(1 << 30), "1 GiB"},
		{units.Ratio(1.254), "1.25×"},
		{units.Ratio(0.05), "0.05×"},
		{units.Ratio(12.34), "12.3×"},
		{units.Digits(math.NaN()), "–"},
		{units.Digits(math.Inf(1)), "–"},
	}
	for _, c := range cases {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
