package tables

import (
	"fmt"

	"bpfdb/plots/summary"
	"bpfdb/plots/units"
)

// sweepTable has a line for every system at every position on the axis.
func sweepTable(s summary.Sweep) string {
	t := newTable(2, s.Axis.Label, "system", "operations/s", "ratio to "+s.Points[0].Panel.Baseline(),
		"p50", "p99", "CPU per op")
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
	return list(append(notes, kneeNotes(s)...))
}

// kneeNotes say up to which offered rate each system kept up.
func kneeNotes(s summary.Sweep) (notes []string) {
	if s.Axis.Name != summary.OfferedRate.Name {
		return nil
	}
	for _, system := range s.Systems() {
		rate, highest := s.KeptUp(system)
		switch {
		case rate == 0 && highest: // not measured
		case rate == 0:
			notes = append(notes, system.Name+" did not keep up with the lowest rate.")
		case highest:
			notes = append(notes, fmt.Sprintf("%s kept up with every rate (%s/s).", system.Name, units.Rate(rate)))
		default:
			notes = append(notes, fmt.Sprintf("%s kept up with %s/s and not with the next rate: its knee lies between.",
				system.Name, units.Rate(rate)))
		}
	}
	return notes
}
