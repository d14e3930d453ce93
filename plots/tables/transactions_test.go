package tables

import (
	"strings"
	"testing"

	"bpfdb/plots/plottest"
	"bpfdb/plots/summary"
	"bpfdb/results"
)

// TestTransactionTable gives two modes of one system to the tables, which must keep them apart.
func TestTransactionTable(t *testing.T) {
	run := plottest.Run(1)
	trials := []results.Trial{}
	for i, mode := range []string{"lua", "multi"} {
		trial, score := run.Trials[0], float64(i)/8
		trial.Cell.Experiment, trial.Cell.System, trial.Cell.Mode, trial.Cell.ValueBytes = "bank", "redis", mode, 0
		trial.Transactions = []results.TransactionCount{
			{Type: "balance", Commits: 50},
			{Type: "send_payment", Commits: 40, Aborts: 10, Conflicts: uint64(25 * i)},
		}
		trial.AnomalyScore = &score
		trials = append(trials, trial)
	}
	run.Trials = trials
	d, err := summary.New([]*results.Run{run}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text := served(d, "bank")
	for _, line := range []string{
		"| redis lua | all | 90 % | 10 % | 0 | 0 | 0 |",
		"| redis multi | all | 90 % | 10 % | 0.25 | 0 | 0.125 |",
		"| redis multi | send_payment | 80 % | 20 % | 0.5 | 0 | – |",
		"ratio to redis lua",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("%q is not in\n%s", line, text)
		}
	}
}
