package tables

import (
	"fmt"
	"strings"

	"bpfdb/plots/summary"
	"bpfdb/results"
)

// sweepTable has a line for every system at every position on the axis.
func sweepTable(s summary.Sweep) string {
	t := newTable(2, s.Axis.Label, "system", "operations/s", "ratio to "+summary.Redis, "p50", "p99", "CPU per op")
	for _, point := range s.Points {
		for _, system := range point.Panel.Systems {
			if cells := panelRow(point.Panel, point.Row, system); len(cells) > 3 { // measured
				t.row(append([]string{point.Label}, cells[1:]...)...)
			}
		}
	}
	return t.String()
}

// sweepNotes gathers the notes of the sweep's panels, and which points say more about the
// load generator than about the system.
func sweepNotes(s summary.Sweep) string {
	var notes []string
	seen := map[string]bool{}
	for _, point := range s.Points {
		for _, note := range point.Panel.Notes() {
			if !seen[note] {
				seen[note] = true
				notes = append(notes, note)
			}
		}
	}
	return list(notes)
}

// transactionTable says how the transactions of a panel ended and whether the data still
// adds up.
func transactionTable(p *summary.Panel) string {
	t := newTable(2, "workload", "system", "commits/s", "aborted by rule", "conflicts per commit", "gave up",
		"anomaly score", "invariants")
	for _, row := range p.Rows {
		for _, system := range p.Systems {
			t.row(transactionRow(p, row, system)...)
		}
	}
	return t.String()
}

func transactionRow(p *summary.Panel, row summary.Row, system results.System) []string {
	cells := []string{p.Label(row), system.Name}
	commits, missing := p.Estimate(system, row, summary.CommitRate)
	if missing != "" {
		return append(cells, missing)
	}
	o := p.Outcome(system.Name, row)
	share := func(n uint64) string { return fmt.Sprintf("%.4f", float64(n)/float64(max(o.Commits, 1))) }
	score, invariants := "", fmt.Sprintf("%d hold", o.Checked)
	if o.Scored {
		score = fmt.Sprintf("%.3g", o.Anomaly)
	}
	if len(o.Violated) > 0 {
		invariants = "**violated**: " + strings.Join(o.Violated, ", ")
	}
	return append(cells, estimateText(commits, summary.CommitRate.Format), share(o.Aborts), share(o.Conflicts),
		fmt.Sprint(o.GaveUp), score, invariants)
}
