package plan

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"bpfdb/results"
	"bpfdb/runners/driver"
	"bpfdb/runners/spec"
	"bpfdb/runners/system"
	"bpfdb/workloads"
)

// ErrOptions means that specs and options do not go together.
var ErrOptions = errors.New("nothing to plan")

// Options choose from the specs.
type Options struct {
	Profile string   // one of spec.ProfileNames
	Systems []string // only these; empty means all
	Seed    uint64   // of the order and of every op stream
	// Twin names a system that is measured a second time, beside itself, to see how much two
	// equal systems differ (A/A); empty means none.
	Twin string
	// Instruments make an extra trial of every cell that can be looked into; see
	// results.Instruments. They add to what the specs ask for.
	Instruments []string
}

// Plan is a run before it has happened.
type Plan struct {
	Profile     string
	Seed        uint64
	Twin        string
	Experiments []results.Experiment
	Systems     []system.Definition // each once, in the order the specs name them
	Trials      []Trial             // in order
	// Instrumented come after the Trials and are no part of what is measured.
	Instrumented []Trial
}

// Trial is one measurement to make.
type Trial struct {
	Cell             results.Cell
	CellHash         string
	Round            int
	Order            int
	Seed             uint64 // of the op stream; the systems of a point and round share it
	Workload         workloads.Spec
	Operations       uint64
	WarmupOperations uint64
	Duration         time.Duration // where Operations is 0
	Warmup           driver.Warmup // with the WarmupOperations
	SLO              *spec.SLO     // nil: one rate, or a closed loop
	Trace            *spec.Trace   // replayed in place of the Workload; nil: there is none
	Clients          []string      // none: this process generates the load
	Listen           string        // address the server binds to on loopback
	Instrument       string        // of an instrumented trial: one of results.Instruments
}

// New plans a run. Errors wrap ErrOptions.
func New(specs []spec.Spec, o Options) (Plan, error) {
	if !slices.Contains(spec.ProfileNames, o.Profile) {
		return Plan{}, fmt.Errorf("%w: profile %q is not one of %v",
			ErrOptions, o.Profile, spec.ProfileNames)
	}
	p := Plan{Profile: o.Profile, Seed: o.Seed, Twin: o.Twin}
	random := rand.New(rand.NewPCG(o.Seed, 0))
	files := map[string]string{}
	for _, s := range specs {
		if other, taken := files[s.Name]; taken {
			return Plan{}, fmt.Errorf("%w: %s and %s have the same name", ErrOptions, other, s.File)
		}
		files[s.Name] = s.File
		p.Experiments = append(p.Experiments, results.Experiment{
			Name: s.Name, Title: s.Title, SpecFile: s.File, SpecSHA256: s.SHA256})
		systems := p.chooseSystems(s, o.Systems)
		p.addTrials(s, systems, random)
		p.addInstrumented(s, systems, o.Instruments)
	}
	if o.Twin != "" && !p.hasSystem(o.Twin+results.TwinSuffix) {
		return Plan{}, fmt.Errorf("%w: system %q, to be measured twice, is in none of the specs", ErrOptions, o.Twin)
	}
	for _, name := range o.Systems {
		if !p.hasSystem(name) {
			return Plan{}, fmt.Errorf("%w: system %q is in none of the specs", ErrOptions, name)
		}
	}
	if len(p.Trials) == 0 {
		return Plan{}, fmt.Errorf("%w: no spec is given", ErrOptions)
	}
	return p, p.checkInstruments(o.Instruments)
}

// chooseSystems names the systems of a spec that are wanted, and notes their definitions.
func (p *Plan) chooseSystems(s spec.Spec, wanted []string) []string {
	var names []string
	for _, d := range s.Systems {
		if len(wanted) > 0 && !slices.Contains(wanted, d.Name) {
			continue
		}
		both := []system.Definition{d}
		if d.Name == p.Twin {
			d.Name, d.Title = d.Name+results.TwinSuffix, d.Title+" (again)"
			both = append(both, d)
		}
		for _, d := range both {
			names = append(names, d.Name)
			if !p.hasSystem(d.Name) {
				p.Systems = append(p.Systems, d)
			}
		}
	}
	return names
}

func (p *Plan) hasSystem(name string) bool {
	return slices.ContainsFunc(p.Systems, func(d system.Definition) bool { return d.Name == name })
}

func (p *Plan) addTrials(s spec.Spec, systems []string, random *rand.Rand) {
	size := s.Profiles[p.Profile]
	points := points(s, size)
	arms := arms(s, systems)
	for round := range int(size.Rounds) {
		shuffle(points, random)
		for _, point := range points {
			shuffle(arms, random)
			for _, arm := range arms {
				p.Trials = append(p.Trials, p.trial(s, size, point, arm, round))
			}
		}
	}
}

// arm is one side of a comparison: a system, and how transactions are put to it.
type arm struct{ system, mode string }

func arms(s spec.Spec, systems []string) []arm {
	var all []arm
	for _, name := range systems {
		if len(s.Modes) == 0 {
			all = append(all, arm{system: name})
		}
		for _, mode := range s.Modes[strings.TrimSuffix(name, results.TwinSuffix)] {
			all = append(all, arm{name, mode})
		}
	}
	return all
}

func (p *Plan) trial(s spec.Spec, size spec.Size, point results.Cell, arm arm, round int) Trial {
	t := Trial{
		Cell:       point,
		Round:      round,
		Order:      len(p.Trials),
		Seed:       binary.BigEndian.Uint64(digest(p.Seed, point, round)),
		Workload:   s.Workload(point.Workload, point.Distribution, point.Records, point.ValueBytes),
		Operations: size.Operations,
		Duration:   size.Duration,
		SLO:        s.Load.SLO,
		Trace:      s.Trace,
		Clients:    s.Load.Clients,
		Listen:     s.Load.Listen,
	}
	if point.Pipeline > 1 {
		t.Operations = size.PipelinedOperations
	}
	if point.Stop != "" { // the records are all it has
		t.Operations = 0
	} else {
		t.Warmup = s.Warmup(size, t.Operations)
	}
	t.WarmupOperations = t.Warmup.Operations
	t.Cell.System, t.Cell.Mode = arm.system, arm.mode
	shape := []any{t.Cell, t.Workload, t.Operations, t.Duration, t.Warmup, t.SLO, t.Clients, t.Listen, p.Seed}
	if t.Trace != nil {
		t.Workload = workloads.Spec{Name: spec.TraceWorkload}
		shape = append(shape, *t.Trace)
	}
	t.CellHash = hex.EncodeToString(digest(shape...)[:8])
	return t
}

// points is the product of a spec's lists, as cells without a system.
func points(s spec.Spec, size spec.Size) []results.Cell {
	all := []results.Cell{{
		Experiment: s.Name, Records: size.Records, Driver: s.Driver, Threads: s.Threads,
		Mapping: mapping(s), ServerCPUs: s.Load.ServerCPUs, ClientCPUs: s.Load.ClientCPUs,
	}}
	all = product(all, s.Workloads, func(c *results.Cell, workload string) { c.Workload = workload })
	all = product(all, s.Distributions, func(c *results.Cell, name string) { c.Distribution = name })
	all = product(all, s.ValueBytes, func(c *results.Cell, size int) { c.ValueBytes = size })
	all = product(all, s.Connections, func(c *results.Cell, n int) { c.Connections = n })
	all = product(all, s.Pipeline, func(c *results.Cell, depth int) { c.Pipeline = depth })
	all = product(all, topologies(s), func(c *results.Cell, name string) { c.Topology = name })
	if len(s.Load.Losses) > 0 {
		all = product(all, s.Load.Losses, func(c *results.Cell, share float64) { c.Loss = share })
	}
	if s.Load.SLO != nil {
		all = product(all, []string{s.Load.SLO.String()}, func(c *results.Cell, slo string) {
			c.SLO, c.Arrival = slo, s.Load.Arrival
		})
	}
	if s.Trace != nil && len(s.Trace.Speeds) > 0 {
		all = product(all, s.Trace.Speeds, func(c *results.Cell, speed float64) {
			c.Speed, c.Arrival = speed, driver.ByTrace
		})
	}
	if s.Durability.Checkpoint {
		all = product(all, []bool{true}, func(c *results.Cell, is bool) { c.Checkpoint = is })
	}
	if len(s.Durability.Recovery) > 0 {
		all = product(all, s.Durability.Recovery, func(c *results.Cell, stop string) { c.Stop = stop })
	}
	if len(s.Load.Rates) > 0 {
		all = product(all, s.Load.Rates, func(c *results.Cell, rate float64) {
			c.RateOps, c.Arrival = rate, s.Load.Arrival
		})
	}
	return all
}

// mapping is empty for the usual one.
func mapping(s spec.Spec) string {
	if s.Mapping == workloads.MappingString {
		return ""
	}
	return s.Mapping
}

// topologies are those of the spec; one that was not read from a file may leave them out.
func topologies(s spec.Spec) []string {
	if len(s.Load.Topologies) == 0 {
		return []string{spec.Loopback}
	}
	return s.Load.Topologies
}

// product makes of each cell one for each value.
func product[T any](cells []results.Cell, values []T, set func(*results.Cell, T)) []results.Cell {
	var all []results.Cell
	for _, cell := range cells {
		for _, value := range values {
			set(&cell, value)
			all = append(all, cell)
		}
	}
	return all
}

func shuffle[T any](xs []T, random *rand.Rand) {
	random.Shuffle(len(xs), func(i, j int) { xs[i], xs[j] = xs[j], xs[i] })
}

// digest hashes plain data; JSON is its canonical form, as fields have a fixed order.
func digest(values ...any) []byte {
	text, err := json.Marshal(values)
	if err != nil {
		panic(fmt.Sprintf("plan: %v", err)) // no plain data fails to encode
	}
	sum := sha256.Sum256(text)
	return sum[:]
}

// Cells is how many different cells the plan measures.
func (p Plan) Cells() int {
	cells := map[results.Cell]bool{}
	for _, t := range p.Trials {
		cells[t.Cell] = true
	}
	return len(cells)
}
