package tables_test

import (
	"strings"
	"testing"

	"bpfdb/plots/plottest"
	"bpfdb/plots/summary"
	"bpfdb/plots/tables"
	"bpfdb/results"
)

func TestPrograms(t *testing.T) {
	run := plottest.Run(1)
	d, err := summary.New([]*results.Run{run}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := tables.Programs(d); got != "" {
		t.Errorf("without such trials:\n%s", got)
	}
	before, err := tables.Section(d, "ycsb")
	if err != nil {
		t.Fatal(err)
	}
	plottest.Instrument(run)
	got := tables.Programs(d)
	for _, want := range []string{
		"| bpfdb-sockmap | all together | 2.00 | 800 ns | 1.60 µs | 20.0 % | 8.00 µs | 500 ns |\n",
		"| bpfdb-sockmap | serve | 2.00 | 800 ns | 1.60 µs | 20.0 % | – | – |\n",
		"| redis | none | – | – | – | – | 8.00 µs | 500 ns |\n",
		"ycsb-c, zipfian, 100 B values, c50, pipeline 1 | redis | failed: no permission |",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "prune") || strings.Contains(got, "accept") {
		t.Errorf("a program that did not or hardly run is shown:\n%s", got)
	}
	if after, _ := tables.Section(d, "ycsb"); after != before {
		t.Error("instrumented trials changed a table of measured ones")
	}
}
