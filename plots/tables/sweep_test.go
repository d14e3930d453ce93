package tables_test

import (
	"strings"
	"testing"

	"bpfdb/plots/plottest"
	"bpfdb/plots/summary"
	"bpfdb/plots/tables"
	"bpfdb/results"
)

func TestSweepAndTransactionSections(t *testing.T) {
	d, err := summary.New([]*results.Run{plottest.Curves(3)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, wants := range map[string][]string{
		"connections": {"**ycsb-a, connections, 100 B values, pipeline 1**", "| connections | system |",
			"| 5 k | redis |", "dragonfly: not installed", "closed loop: latency is service time at saturation"},
		"rates": {"| offered rate, operations per second | system |", "| 80 k | bpfdb-user |",
			"open loop, poisson arrivals", "kept up with every rate (80.0 k/s)", "its knee lies between"},
		"ycsb-t": {"| ycsb-t, zipfian:0.99 | bpfdb-sockmap interactive | all |", "anomaly score", "ratio to redis lua"},
	} {
		text, err := tables.Section(d, name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q:\n%s", name, want, text)
			}
		}
	}
}

func TestViolatedInvariantIsLoud(t *testing.T) {
	run := plottest.Curves(1)
	score := 0.25
	for i := range run.Trials {
		if run.Trials[i].Cell.Mode == "lua" {
			run.Trials[i].AnomalyScore = &score
			run.Trials[i].Invariants = []results.Invariant{{Name: "total cash", Detail: "1 missing"}}
		}
	}
	d, err := summary.New([]*results.Run{run}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := tables.Section(d, "ycsb-t")
	want := "redis lua, ycsb-t, uniform, round 0: **violated**: total cash (1 missing)"
	if err != nil || !strings.Contains(text, want) {
		t.Errorf("%v:\n%s", err, text)
	}
}
