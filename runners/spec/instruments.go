package spec

import (
	"slices"

	"bpfdb/results"
	"bpfdb/runners/document"
)

// checkInstruments checks which extra trials are made of each cell to look inside.
func (s *Spec) checkInstruments(fields *document.Mapping) error {
	if len(s.Instruments) == 0 {
		return nil
	}
	for _, name := range s.Instruments {
		if !slices.Contains(results.Instruments, name) {
			return fields.Errorf("instruments", "%q is none of %v", name, results.Instruments)
		}
	}
	if !s.Instrumentable() {
		return fields.Errorf("instruments", "neither a search (slo) nor a recovery has a load to look into")
	}
	return distinct(fields, "instruments", s.Instruments)
}

// Instrumentable tells whether an instrument can look into trials of the experiment: each must
// have one load, of a length that can be chosen.
func (s *Spec) Instrumentable() bool {
	return s.Load.SLO == nil && len(s.Durability.Recovery) == 0
}
