package tables

import (
	"fmt"

	"bpfdb/plots/summary"
)

// transactionTable says how the transactions of a panel ended, by type where a system ran
// several; it is empty for a panel without transactions.
func transactionTable(p *summary.Panel) string {
	t, rows := newTable(3, "workload", "system", "transaction", "committed", "aborted", "conflicts each", "given up",
		"anomaly score"), 0
	for _, row := range p.Rows {
		for _, system := range p.Systems {
			types := p.Transactions(system.Name, row)
			for i, c := range types {
				if len(types) == 2 && i == 1 {
					break // the only type says the same as all
				}
				score := ""
				if i == 0 {
					score = fmt.Sprintf("%.3g", c.Score)
				}
				rows++
				t.row(p.Label(row), system.Name, c.Type, percent(c.Share(c.Commits)), percent(c.Share(c.Aborts)),
					fmt.Sprintf("%.3g", c.Share(c.Conflicts)), fmt.Sprint(c.GaveUp), score)
			}
		}
	}
	if rows == 0 {
		return ""
	}
	return t.String() + "\n"
}

func percent(share float64) string { return fmt.Sprintf("%.4g %%", 100*share) }
