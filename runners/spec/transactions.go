package spec

import (
	"slices"

	"bpfdb/runners/document"
	"bpfdb/runners/driver"
	"bpfdb/runners/transaction"
	"bpfdb/workloads"
)

// Parameters change what is particular to one workload. Those that are not given keep the
// preset's values.
type Parameters struct {
	RMW              *string  // of ycsb-f: client or txn
	ReadProportion   *float64 // of ycsb-t; the other transactions are transfers
	MaxVotesPerPhone *int     // of voter
	MinBalanceCents  *int64   // of smallbank
	MaxBalanceCents  *int64   // of smallbank
	TotalCash        *int64   // of ycsb-t
}

func (p *Parameters) targets() map[string]any {
	return map[string]any{
		"rmw": &p.RMW, "read_proportion": &p.ReadProportion, "max_votes_per_phone": &p.MaxVotesPerPhone,
		"min_balance_cents": &p.MinBalanceCents, "max_balance_cents": &p.MaxBalanceCents,
		"total_cash": &p.TotalCash,
	}
}

// apply sets the parameters that a workload has.
func (p *Parameters) apply(w *workloads.Spec) {
	switch w.Family {
	case workloads.FamilyVoter:
		assign(&w.MaxVotesPerPhone, p.MaxVotesPerPhone)
	case workloads.FamilySmallBank:
		assign(&w.MinBalanceCents, p.MinBalanceCents)
		assign(&w.MaxBalanceCents, p.MaxBalanceCents)
	case workloads.FamilyClosedEconomy:
		assign(&w.TotalCash, p.TotalCash)
		assign(&w.ReadProportion, p.ReadProportion)
		w.ReadModifyWriteProportion = 1 - w.ReadProportion
	case "":
		if w.ReadModifyWriteProportion > 0 {
			assign(&w.RMW, p.RMW)
		}
	}
}

func assign[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// decodeTransactions reads the fields that only experiments with transactions have.
func (s *Spec) decodeTransactions(fields *document.Mapping) error {
	parameters, err := fields.Mapping("parameters")
	if err != nil {
		return err
	}
	if parameters != nil {
		if err := parameters.Decode(s.Parameters.targets()); err != nil {
			return err
		}
	}
	transactional := func(name string) bool {
		w, err := workloads.ByName(name)
		return err == nil && w.Transactional()
	}
	if !fields.Has("value_bytes") && slices.ContainsFunc(s.Workloads, transactional) {
		s.ValueBytes = []int{0} // the rows of most transactional workloads have sizes of their own
	}
	modes, err := fields.Mapping("modes")
	if err != nil || modes == nil {
		return err
	}
	s.Modes = map[string][]string{}
	targets, lists := map[string]any{}, make([][]string, len(s.Systems))
	for i, system := range s.Systems {
		targets[system.Name] = &lists[i]
	}
	if err := modes.Decode(targets); err != nil {
		return err
	}
	for i, system := range s.Systems {
		if err := distinct(modes, system.Name, lists[i]); err != nil {
			return err
		}
		s.Modes[system.Name] = lists[i]
	}
	return nil
}

// checkTransactions makes sure that either all workloads are made of transactions, which
// every system knows how to execute, or none is.
func (s *Spec) checkTransactions(fields *document.Mapping) error {
	for _, name := range s.Workloads {
		w, err := workloads.ByName(name)
		if err != nil {
			return fields.Errorf("workloads", "%v", err)
		}
		s.Parameters.apply(&w)
		switch {
		case !w.Transactional() && len(s.Modes) > 0:
			return fields.Errorf("workloads", "%s is not made of transactions, which `modes` are for", name)
		case !w.Transactional():
			continue
		case len(s.Modes) == 0:
			return fields.Errorf("modes", "missing: %s needs a list of %v for every system", name, transaction.Modes)
		}
		for _, system := range s.Systems {
			for _, mode := range s.Modes[system.Name] {
				if err := transaction.CheckMode(mode, w); err != nil {
					return fields.Errorf("modes", "%s: %v", system.Name, err)
				}
			}
		}
	}
	if len(s.Modes) > 0 && !slices.Equal(s.Pipeline, []int{1}) {
		return fields.Errorf("pipeline", "%v: transactions follow one after the other, want [1]", s.Pipeline)
	}
	if len(s.Modes) > 0 && s.Driver != driver.Raw {
		return fields.Errorf("driver", "%q: transactions need the %s driver", s.Driver, driver.Raw)
	}
	return nil
}
