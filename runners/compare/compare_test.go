package compare_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"bpfdb/plots/plottest"
	"bpfdb/results"
	"bpfdb/runners/compare"
)

func TestRuns(t *testing.T) {
	a, b := plottest.Run(3), plottest.Run(3)
	for i := range b.Trials {
		b.Trials[i].Latency[0].P99NS *= 2
	}
	rows, err := compare.Runs(a, b)
	if err != nil {
		t.Fatal(err)
	}
	if want := 4 * 4 * 3 * 4; len(rows) != want { // settings, workloads, systems, metrics
		t.Errorf("got %d rows, want %d", len(rows), want)
	}
	for _, row := range rows {
		want := 1.0
		if row.Metric == "p99_ns" {
			want = 2
		}
		if math.Abs(row.Ratio.Median-want) > 1e-6 || row.Ratio.Lo > want || row.Ratio.Hi < want {
			t.Errorf("%s %s: ratio %+v, want about %v", row.Cell.System, row.Metric, row.Ratio, want)
		}
	}
}

func TestNothingInCommon(t *testing.T) {
	a, b := plottest.Run(1), plottest.Run(1)
	for i := range b.Trials {
		b.Trials[i].Failure = "died"
	}
	for name, pair := range map[string][2]*results.Run{"failed": {a, b}, "empty": {a, {}}} {
		if rows, err := compare.Runs(pair[0], pair[1]); !errors.Is(err, compare.ErrNothing) {
			t.Errorf("%s: got %d rows, %v; want ErrNothing", name, len(rows), err)
		}
	}
}

func TestDifferences(t *testing.T) {
	a, b := plottest.Run(1), plottest.Run(1)
	if got := compare.Differences(a, b); len(got) != 0 {
		t.Errorf("equal runs differ: %q", got)
	}
	b.Environment.Kernel, b.Seed = "7.0", 9
	b.Systems[0].BinarySHA256 = "ab"
	got := compare.Differences(a, b)
	if len(got) != 3 || !slices.Contains(got, "seed: 7 against 9") {
		t.Errorf("got %q, want kernel, seed and the binary of redis", got)
	}
}
