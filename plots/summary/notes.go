package summary

import (
	"fmt"
	"slices"
)

// Notes says what a reader must know before trusting the panel: trials left out, errors,
// wrong or missing values, whether the systems were given the same operations, and what of a
// trace they were not given.
func (p *Panel) Notes() []string {
	var notes []string
	for _, system := range p.Systems {
		for _, row := range p.Rows {
			notes = append(notes, p.cellNotes(system.Name, row)...)
		}
		if system.NotInstalled != "" && !p.has(system.Name) {
			notes = append(notes, fmt.Sprintf("%s: not installed (%s)", system.Name, system.NotInstalled))
		}
	}
	if row, number, differ := p.loadsDiffer(); differ {
		notes = append(notes, fmt.Sprintf("%s, round %d: the systems were not given the same operations",
			p.Label(row), number))
	}
	if note := p.traceNote(); note != "" {
		notes = append(notes, note)
	}
	return notes
}

func (p *Panel) cellNotes(system string, row Row) []string {
	var notes []string
	var failures, saturated, unsettled, errorCount, wrong, misses uint64
	samples := p.samples[cell{system, row}]
	reason := ""
	for _, s := range samples {
		if s.trial.Failure != "" {
			failures++
			reason = s.trial.Failure
			continue
		}
		errorCount += s.trial.Errors
		wrong += s.trial.VerifyFailures
		misses += s.trial.Misses
		if s.trial.Client.Saturated != "" {
			saturated++
		}
		if w := s.trial.Warmup; s.trial.Transient() > 0 || w != nil && w.Steady != nil && !*w.Steady {
			unsettled++
		}
		for _, invariant := range s.trial.Invariants {
			if !invariant.Holds {
				notes = append(notes, fmt.Sprintf("%s, %s, round %d: **violated**: %s (%s)",
					system, p.Label(row), s.trial.Round, invariant.Name, invariant.Detail))
			}
		}
	}
	name := system + ", " + p.Label(row)
	if failures > 0 {
		notes = append(notes, fmt.Sprintf("%s: %d of %d trials left out (%s)",
			name, failures, len(samples), reason))
	}
	if saturated > 0 {
		notes = append(notes, fmt.Sprintf("%s: in %d of %d trials the load generator was the bottleneck or late",
			name, saturated, len(samples)))
	}
	if unsettled > 0 {
		notes = append(notes, fmt.Sprintf("%s: in %d of %d trials the system had not settled when the measured "+
			"phase began", name, unsettled, len(samples)))
	}
	if errorCount+wrong+misses > 0 {
		notes = append(notes, fmt.Sprintf("%s: %d errors, %d wrong values, %d misses",
			name, errorCount, wrong, misses))
	}
	return notes
}

// loadsDiffer finds the first round in which two systems ran different operations.
func (p *Panel) loadsDiffer() (row Row, number int, differ bool) {
	for _, row := range p.Rows {
		first := map[round]string{}
		for _, system := range p.Systems {
			for _, s := range p.samples[cell{system.Name, row}] {
				if s.trial.Failure != "" {
					continue
				}
				seen, ok := first[s.round()]
				if !ok {
					first[s.round()] = s.trial.OpStreamHash
				} else if seen != s.trial.OpStreamHash {
					return row, s.trial.Round, true
				}
			}
		}
	}
	return Row{}, 0, false
}

// Trials says how many good trials the panel's cells have: "3 trials", "2 to 3 trials".
func (p *Panel) Trials() string {
	var counts []int
	for _, samples := range p.samples {
		good := 0
		for _, s := range samples {
			if s.trial.Failure == "" {
				good++
			}
		}
		if good > 0 {
			counts = append(counts, good)
		}
	}
	if len(counts) == 0 {
		return "no trials"
	}
	fewest, most := slices.Min(counts), slices.Max(counts)
	switch {
	case most == 1:
		return "1 trial"
	case fewest == most:
		return fmt.Sprintf("%d trials", most)
	}
	return fmt.Sprintf("%d to %d trials", fewest, most)
}
