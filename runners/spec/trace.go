package spec

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bpfdb/results"
	"bpfdb/runners/document"
	"bpfdb/runners/driver"
	"bpfdb/workloads/trace"
)

// TraceWorkload is the name of the workload that replays a trace.
const TraceWorkload = results.TraceWorkload

// Trace is the trace of a cache that an experiment replays, in package trace's format.
type Trace struct {
	File      string          // as the spec has it, relative to the spec; empty: the trace is synthetic
	Synthetic trace.Synthetic // zero where there is a file
	// Speeds are how many times as fast as recorded the trace is replayed, by its own times and
	// in an open loop; none: in a closed loop.
	Speeds []float64

	dir string // of the spec
}

// Path is where the file is.
func (t *Trace) Path() string {
	if filepath.IsAbs(t.File) {
		return t.File
	}
	return filepath.Join(t.dir, t.File)
}

// Name tells traces apart in tables and figures: that of the file, without what comes after its
// first dot.
func (t *Trace) Name() string {
	if t.File == "" {
		return "synthetic"
	}
	name, _, _ := strings.Cut(filepath.Base(t.File), ".")
	return name
}

// Source describes the trace in full.
func (t *Trace) Source() string {
	if t.File != "" {
		return t.File
	}
	s := t.Synthetic
	return fmt.Sprintf("synthetic: keys %d, rate_ops %d, skew %g, seed %d", s.Keys, s.RateOps, s.Skew, s.Seed)
}

// traceless are the fields that an experiment with a trace does not have.
var traceless = []string{"records", "distributions", "theta", "value_bytes", "value_sizes", "insert_order", "mapping",
	"modes", "parameters", "rates", "arrival", "slo", "ramp_sec", "steady", "clients", "checkpoint", "recovery"}

// decodeTrace reads the field of a trace, and fills in or refuses what goes with other workloads.
func (s *Spec) decodeTrace(fields *document.Mapping) error {
	m, err := fields.Mapping("trace")
	if err != nil {
		return err
	}
	if replays := slices.Contains(s.Workloads, TraceWorkload); m == nil && !replays {
		return nil
	} else if m == nil {
		return fields.Errorf("trace", "missing: what the workload %s replays", TraceWorkload)
	}
	if !slices.Equal(s.Workloads, []string{TraceWorkload}) {
		return fields.Errorf("workloads", "%v: a trace is replayed by the workload [%s] alone",
			s.Workloads, TraceWorkload)
	}
	for _, field := range traceless {
		if fields.Has(field) {
			return fields.Errorf(field, "a trace says itself what is sent, and when")
		}
	}
	if s.Driver != driver.Raw {
		return fields.Errorf("driver", "%q: traces need the %s driver", s.Driver, driver.Raw)
	}
	if err := s.decodeTraceFields(m); err != nil {
		return err
	}
	s.ValueBytes, s.Distributions = []int{0}, []string{s.Trace.Name()}
	return s.checkTraceSizes(fields)
}

func (s *Spec) decodeTraceFields(m *document.Mapping) error {
	var synthetic map[string]any
	s.Trace = &Trace{dir: filepath.Dir(s.File)}
	t := s.Trace
	if err := m.Decode(map[string]any{"file": &t.File, "synthetic": &synthetic, "speeds": &t.Speeds}); err != nil {
		return err
	}
	if m.Has("file") == m.Has("synthetic") {
		return m.Errorf("file", "want either it or `synthetic`")
	}
	if t.File != "" {
		if _, err := os.Stat(t.Path()); err != nil {
			return m.Errorf("file", "%v", err)
		}
	} else if m.Has("file") {
		return m.Errorf("file", "empty: want the path of a trace")
	}
	if err := t.decodeSynthetic(m); err != nil {
		return err
	}
	for _, speed := range t.Speeds {
		if !(speed > 0 && speed <= driver.MaxSpeed) {
			return m.Errorf("speeds", "%v is not above 0, at most %d", speed, driver.MaxSpeed)
		}
	}
	if m.Has("speeds") {
		return distinct(m, "speeds", t.Speeds)
	}
	return nil
}

func (t *Trace) decodeSynthetic(m *document.Mapping) error {
	nested, err := m.Mapping("synthetic")
	if err != nil || nested == nil {
		return err
	}
	t.Synthetic = trace.DefaultSynthetic()
	s := &t.Synthetic
	err = nested.Decode(map[string]any{"keys": &s.Keys, "rate_ops": &s.RateOps, "skew": &s.Skew, "seed": &s.Seed})
	if err != nil {
		return err
	}
	if err := s.Check(); err != nil {
		return m.Errorf("synthetic", "%v", err)
	}
	return nil
}

// checkTraceSizes makes sure that each profile says how much of the trace is replayed: by time
// where the trace's times count, by operations where they do not.
func (s *Spec) checkTraceSizes(fields *document.Mapping) error {
	byTime := len(s.Trace.Speeds) > 0
	for _, name := range ProfileNames {
		switch size := s.Profiles[name]; {
		case size.Records != s.Default.Records:
			return fields.Errorf("profiles", "%s: a trace says itself what records there are", name)
		case byTime && (size.Duration == 0 || size.WarmupOperations > 0):
			return fields.Errorf("duration_sec", "profile %s: a replay by the trace's times lasts duration_sec, "+
				"after warmup_sec", name)
		case !byTime && (size.Duration != 0 || size.WarmupDuration != 0):
			return fields.Errorf("duration_sec", "profile %s: a replay without `speeds` ends by operations", name)
		}
	}
	return nil
}
