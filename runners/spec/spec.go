// Package spec reads experiments: YAML files that say which systems are measured under
// which workloads and settings. A spec is pure data; it never depends on the machine it
// is read on. Package plan turns specs into trials.
package spec

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"bpfdb/runners/document"
	"bpfdb/runners/driver"
	"bpfdb/runners/system"
	"bpfdb/workloads"
)

// Spec is one experiment: the product of its lists is its cells.
type Spec struct {
	File   string
	SHA256 string // of the file's text

	Name          string // the file's name without .yaml
	Title         string
	Workloads     []string // presets of package workloads
	Distributions []string // of keys, see workloads.Spec.WithDistribution; default zipfian
	Theta         float64  // skew of zipfian; default 0.99
	ValueBytes    []int    // 0 where transactions have rows of their own sizes
	ValueSizes    string   // law of the sizes up to ValueBytes; default workloads.SizeConstant
	InsertOrder   string   // default workloads.InsertHashed
	Mapping       string   // of records to keys; default workloads.MappingString
	Driver        string   // driver.Raw, the default, or driver.GoRedis
	Threads       int      // of the raw driver; default 1, 0 for go-redis
	Connections   []int
	Pipeline      []int // operations in flight per connection
	Systems       []system.Definition
	Load          Load
	Durability    Durability
	Trace         *Trace // what the workload TraceWorkload replays; nil without
	// Instruments of extra trials, one of each cell, that are not measured but looked into; see
	// results.Instruments. None by default.
	Instruments []string

	Modes      map[string][]string // of transactions, by system; nil without transactions
	Parameters Parameters

	Default  Size
	Profiles map[string]Size // by name, each complete
}

// Size is how much of everything is done: what a profile may change. Changing anything
// else would make another experiment of it.
type Size struct {
	Records    uint64
	Operations uint64 // of each trial's measured phase
	// PipelinedOperations replaces Operations where Pipeline is above 1, which is several
	// times as fast and would be over too soon to time. Default: Operations.
	PipelinedOperations uint64
	WarmupOperations    uint64 // default: a tenth of the measured operations
	// Duration replaces Operations, WarmupDuration replaces WarmupOperations.
	Duration       time.Duration
	WarmupDuration time.Duration
	Rounds         uint64 // trials of each cell
}

// ProfileNames are the profiles a spec may adjust.
var ProfileNames = []string{"quick", "paper"}

// SystemsDir is where the definitions of systems are, beside the specs.
const SystemsDir = "systems"

// Read reads and checks one spec and the definitions of its systems. Mistakes are
// errors of package document.
func Read(file string) (Spec, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Spec{}, err
	}
	fields, err := document.Parse(file, text)
	if err != nil {
		return Spec{}, err
	}
	sum := sha256.Sum256(text)
	s := Spec{
		File:          file,
		SHA256:        hex.EncodeToString(sum[:]),
		Distributions: []string{workloads.Zipfian},
		Theta:         workloads.YCSBTheta,
		Driver:        driver.Raw,
		Threads:       1,
		Load:          defaultLoad(),
	}
	if err := s.decode(fields); err != nil {
		return Spec{}, err
	}
	return s, s.check(fields)
}

func (s *Spec) decode(fields *document.Mapping) error {
	var systems []string
	var profiles, modes, parameters, trace map[string]any
	targets := s.Default.targets()
	maps.Copy(targets, s.Load.targets())
	maps.Copy(targets, s.Durability.targets())
	for name, target := range map[string]any{
		"name": &s.Name, "title": &s.Title, "workloads": &s.Workloads,
		"distributions": &s.Distributions, "theta": &s.Theta, "value_bytes": &s.ValueBytes,
		"driver": &s.Driver, "threads": &s.Threads, "connections": &s.Connections,
		"pipeline": &s.Pipeline, "systems": &systems, "profiles": &profiles,
		"value_sizes": &s.ValueSizes, "insert_order": &s.InsertOrder,
		"mapping": &s.Mapping, "modes": &modes, "parameters": &parameters,
		"instruments": &s.Instruments, "trace": &trace,
	} {
		targets[name] = target
	}
	if err := fields.Decode(targets); err != nil {
		return err
	}
	if s.Driver == driver.GoRedis && !fields.Has("threads") {
		s.Threads = 0
	}
	if err := s.Load.decodeNested(fields); err != nil {
		return err
	}
	if err := s.decodeProfiles(fields); err != nil {
		return err
	}
	if err := s.readSystems(fields, systems); err != nil {
		return err
	}
	if err := s.decodeDurability(fields); err != nil {
		return err
	}
	if err := s.decodeTrace(fields); err != nil {
		return err
	}
	return s.decodeTransactions(fields)
}

func (z *Size) targets() map[string]any {
	return map[string]any{
		"records": &z.Records, "operations": &z.Operations, "rounds": &z.Rounds,
		"pipelined_operations": &z.PipelinedOperations, "warmup_operations": &z.WarmupOperations,
		"duration_sec": &seconds{&z.Duration}, "warmup_sec": &seconds{&z.WarmupDuration},
	}
}

func (s *Spec) decodeProfiles(fields *document.Mapping) error {
	s.Profiles = map[string]Size{}
	for _, name := range ProfileNames {
		s.Profiles[name] = s.Default
	}
	profiles, err := fields.Mapping("profiles")
	if err != nil || profiles == nil {
		return err
	}
	known := map[string]any{}
	for _, name := range ProfileNames {
		var anything map[string]any
		known[name] = &anything
	}
	if err := profiles.Decode(known); err != nil {
		return err
	}
	for _, name := range ProfileNames {
		profile, err := profiles.Mapping(name)
		if err != nil {
			return err
		}
		if profile == nil {
			continue
		}
		size := s.Default
		if err := profile.Decode(size.targets()); err != nil {
			return err
		}
		s.Profiles[name] = size
	}
	return nil
}

func (s *Spec) readSystems(fields *document.Mapping, names []string) error {
	dir := filepath.Join(filepath.Dir(s.File), SystemsDir)
	if err := distinct(fields, "systems", names); err != nil {
		return err
	}
	for _, name := range names {
		if strings.ContainsAny(name, `/\`) {
			return fields.Errorf("systems", "%q is not a name", name)
		}
		definition, err := system.Read(dir, name)
		if os.IsNotExist(err) {
			return fields.Errorf("systems", "%q is unknown: there is no %s", name,
				filepath.Join(dir, name+".yaml"))
		}
		if err != nil {
			return err
		}
		s.Systems = append(s.Systems, definition)
	}
	if err := system.CheckParity(s.Systems, s.Durability.Varies); err != nil {
		return fields.Errorf("systems", "%v", err)
	}
	return nil
}
