package tables_test

import (
	"strings"
	"testing"

	"bpfdb/plots/plottest"
	"bpfdb/plots/summary"
	"bpfdb/plots/tables"
	"bpfdb/results"
)

func TestMemory(t *testing.T) {
	run := plottest.Run(2)
	d, err := summary.New([]*results.Run{run}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := tables.Memory(d); got != "" {
		t.Errorf("of servers that do not say:\n%s", got)
	}
	for i := range run.Trials {
		trial := &run.Trials[i]
		perKey := uint64(trial.Cell.ValueBytes) + 50
		trial.ServerEmpty, trial.ServerMemory = 1<<20, 1<<20+perKey*trial.Cell.Records
		trial.ServerEmptyResident, trial.ServerResident = 8<<20, 8<<20 // a server in the kernel grows elsewhere
		if trial.Cell.System == "bpfdb-sockmap" {
			trial.ServerEmptyMaps, trial.ServerMaps = 64<<20, 64<<20+2*perKey*trial.Cell.Records
		}
	}
	got := tables.Memory(d)
	for _, want := range []string{
		"| 1 key = one 100-byte value | bpfdb-sockmap | 100 k | 150 B | – | 300 B | 92.6 MiB |\n",
		"| 1 key = one 1000-byte value | redis | 100 k | 1.03 KiB | – | – | – |\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if rows := strings.Count(got, "\n"); rows != 2+2*3 {
		t.Errorf("%d lines, want one for each value size and system:\n%s", rows, got)
	}
}
