package spec

import (
	"path/filepath"
	"slices"
	"strings"
	"time"

	"bpfdb/runners/document"
	"bpfdb/runners/driver"
	"bpfdb/workloads"
)

// Limits of a spec, so that a slip of the finger does not plan a year.
const (
	maxOperations = 100_000_000_000
	maxRounds     = 1000
	maxDuration   = 24 * time.Hour
)

func (s *Spec) check(fields *document.Mapping) error {
	if want := strings.TrimSuffix(filepath.Base(s.File), ".yaml"); s.Name != want {
		return fields.Errorf("name", "%q does not match the file name, want %q", s.Name, want)
	}
	if s.Title == "" {
		return fields.Errorf("title", "missing")
	}
	for _, err := range []error{
		distinct(fields, "workloads", s.Workloads),
		distinct(fields, "distributions", s.Distributions),
		distinct(fields, "value_bytes", s.ValueBytes),
		inRange(fields, "connections", s.Connections, driver.MaxConnections),
		inRange(fields, "pipeline", s.Pipeline, driver.MaxPipeline),
		s.checkDriver(fields),
		s.Load.check(fields),
	} {
		if err != nil {
			return err
		}
	}
	for _, name := range ProfileNames {
		if err := s.checkSize(fields, name); err != nil {
			return err
		}
	}
	if fields.Has("theta") && !slices.Contains(s.Distributions, workloads.Zipfian) {
		return fields.Errorf("theta", "only the distribution %s has one", workloads.Zipfian)
	}
	if err := s.checkDurability(fields); err != nil {
		return err
	}
	if s.Trace != nil {
		return nil // there is nothing of other workloads in it, as decodeTrace has made sure
	}
	if err := s.checkTransactions(fields); err != nil {
		return err
	}
	if err := s.checkInstruments(fields); err != nil {
		return err
	}
	return s.checkWorkloads(fields)
}

func (s *Spec) checkDriver(fields *document.Mapping) error {
	switch {
	case s.Driver != driver.Raw && s.Driver != driver.GoRedis:
		return fields.Errorf("driver", "%q is neither %s nor %s", s.Driver, driver.Raw, driver.GoRedis)
	case s.Driver == driver.GoRedis && s.Threads != 0:
		return fields.Errorf("threads", "the %s driver runs a goroutine per connection", driver.GoRedis)
	case s.Driver == driver.Raw && (s.Threads < 1 || s.Threads > driver.MaxThreads):
		return fields.Errorf("threads", "%d is not in 1..%d", s.Threads, driver.MaxThreads)
	}
	return nil
}

// checkSize completes one profile and blames the field that made it wrong.
func (s *Spec) checkSize(fields *document.Mapping, profile string) error {
	size := s.Profiles[profile]
	where := func(name string) *document.Mapping {
		profiles, _ := fields.Mapping("profiles")
		if profiles == nil {
			return fields
		}
		if m, _ := profiles.Mapping(profile); m != nil && m.Has(name) {
			return m
		}
		return fields
	}
	if size.Duration != 0 { // it replaces what the experiment says beside its profiles
		size.Operations, size.PipelinedOperations = 0, 0
	} else if size.PipelinedOperations == 0 {
		size.PipelinedOperations = size.Operations
	}
	operations, records := uint64(1), uint64(1)
	if size.Duration != 0 {
		operations = 0
	}
	if s.Trace != nil {
		records = 0
	}
	for _, f := range []struct {
		name          string
		value, lo, hi uint64
	}{
		{"records", size.Records, records, workloads.MaxRecords},
		{"operations", size.Operations, operations, maxOperations},
		{"pipelined_operations", size.PipelinedOperations, operations, maxOperations},
		{"warmup_operations", size.WarmupOperations, 0, maxOperations},
		{"rounds", size.Rounds, 1, maxRounds},
	} {
		m := where(f.name)
		if f.lo > 0 && f.value == 0 && !m.Has(f.name) {
			return m.Errorf(f.name, "missing (profile %s)", profile)
		}
		if f.value < f.lo || f.value > f.hi {
			return m.Errorf(f.name, "%d is not in %d..%d", f.value, f.lo, f.hi)
		}
	}
	s.Profiles[profile] = size
	return s.checkTimes(where, size)
}

// checkTimes checks what of a profile is in seconds.
func (s *Spec) checkTimes(where func(string) *document.Mapping, size Size) error {
	for name, value := range map[string]time.Duration{
		"duration_sec": size.Duration, "warmup_sec": size.WarmupDuration, "ramp_sec": s.Load.Ramp} {
		if value < 0 || value > maxDuration {
			return where(name).Errorf(name, "%v is not in 0s..%v", value, maxDuration)
		}
	}
	m := where("warmup_operations")
	switch byTime := size.WarmupDuration > 0 || s.Load.Steady != (driver.Steady{}); {
	case byTime && size.WarmupOperations > 0:
		return m.Errorf("warmup_operations", "the warm-up ends by time, with warmup_sec or steady")
	case s.Load.SLO != nil && size.Duration == 0:
		return where("duration_sec").Errorf("duration_sec", "missing: how long the search tries each rate")
	case s.Load.Ramp > 0 && !byTime:
		return where("ramp_sec").Errorf("ramp_sec", "the load rises in a warm-up that ends by time, with warmup_sec")
	}
	if err := s.Warmup(size, 0).Check(); err != nil {
		return where("warmup_sec").Errorf("warmup_sec", "%v", err)
	}
	return nil
}

// Warmup is that of trials of some size with so many measured operations. Where nothing is
// said it is a tenth of them, or of their time.
func (s *Spec) Warmup(size Size, operations uint64) driver.Warmup {
	w := driver.Warmup{Operations: size.WarmupOperations, Duration: size.WarmupDuration,
		Ramp: s.Load.Ramp, Steady: s.Load.Steady}
	if w.Operations == 0 && w.Duration == 0 && w.Steady == (driver.Steady{}) {
		w.Operations, w.Duration = operations/10, size.Duration/10
	}
	return w
}

// checkWorkloads builds every workload of the product, so that planning cannot fail.
func (s *Spec) checkWorkloads(fields *document.Mapping) error {
	for _, name := range s.Workloads {
		if _, err := workloads.ByName(name); err != nil {
			return fields.Errorf("workloads", "%v", err)
		}
		for _, distribution := range s.Distributions {
			if _, err := (workloads.Spec{Name: name}).WithDistribution(distribution); err != nil {
				return fields.Errorf("distributions", "%v", err)
			}
			for _, valueBytes := range s.ValueBytes {
				w := s.Workload(name, distribution, s.Profiles[ProfileNames[0]].Records, valueBytes)
				if err := w.Validate(); err != nil {
					return fields.Errorf(blame(err), "%v", err)
				}
			}
		}
	}
	return nil
}

// blame finds the field a workload error is about: its text says "<field> is <value>".
func blame(err error) string {
	for field, ours := range map[string]string{
		"distribution": "distributions", "theta": "theta", "value_bytes": "value_bytes",
		"hot_keys": "distributions", "hot_share": "distributions",
		"max_votes_per_phone": "parameters", "min_balance_cents": "parameters", "max_balance_cents": "parameters",
		"total_cash": "parameters", "rmw": "parameters", "sum of proportions": "parameters", "records": "records",
		"value_sizes": "value_sizes", "insert_order": "insert_order", "mapping": "mapping",
	} {
		if strings.Contains(err.Error(), ": "+field+" is ") {
			return ours
		}
	}
	return "workloads"
}

// Workload is the preset with the experiment's keys, values and parameters.
func (s *Spec) Workload(name, distribution string, records uint64, valueBytes int) workloads.Spec {
	w, _ := workloads.ByName(name) // checked when the spec was read, like the distribution
	w, _ = w.WithDistribution(distribution)
	if distribution == workloads.Zipfian {
		w.Theta = s.Theta
	}
	w.Records, w.ValueBytes, w.ValueSizes, w.InsertOrder = records, valueBytes, s.ValueSizes, s.InsertOrder
	if s.Mapping != "" {
		w.Mapping = s.Mapping
	}
	s.Parameters.apply(&w)
	return w
}

func distinct[T comparable](fields *document.Mapping, name string, values []T) error {
	if len(values) == 0 {
		return fields.Errorf(name, "missing: want at least one in a list")
	}
	seen := map[T]bool{}
	for _, value := range values {
		if seen[value] {
			return fields.Errorf(name, "%v is given twice", value)
		}
		seen[value] = true
	}
	return nil
}

func inRange(fields *document.Mapping, name string, values []int, highest int) error {
	for _, value := range values {
		if value < 1 || value > highest {
			return fields.Errorf(name, "%d is not in 1..%d", value, highest)
		}
	}
	return distinct(fields, name, values)
}
