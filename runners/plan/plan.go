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

	"bpfdb/results"
	"bpfdb/runners/spec"
	"bpfdb/runners/system"
	"bpfdb/workloads"
)

// ErrOptions means that specs and options do not go together.
var ErrOptions = errors.New("nothing to plan")

// topology is the only one yet: client and server share the machine.
const topology = "loopback"

// Options choose from the specs.
type Options struct {
	Profile string   // one of spec.ProfileNames
	Systems []string // only these; empty means all
	Seed    uint64   // of the order and of every op stream
}

// Plan is a run before it has happened.
type Plan struct {
	Profile     string
	Seed        uint64
	Experiments []results.Experiment
	Systems     []system.Definition // each once, in the order the specs name them
	Trials      []Trial             // in order
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
}

// New plans a run. Errors wrap ErrOptions.
func New(specs []spec.Spec, o Options) (Plan, error) {
	if !slices.Contains(spec.ProfileNames, o.Profile) {
		return Plan{}, fmt.Errorf("%w: profile %q is not one of %v",
			ErrOptions, o.Profile, spec.ProfileNames)
	}
	p := Plan{Profile: o.Profile, Seed: o.Seed}
	random := rand.New(rand.NewPCG(o.Seed, 0))
	files := map[string]string{}
	for _, s := range specs {
		if other, taken := files[s.Name]; taken {
			return Plan{}, fmt.Errorf("%w: %s and %s have the same name", ErrOptions, other, s.File)
		}
		files[s.Name] = s.File
		p.Experiments = append(p.Experiments, results.Experiment{
			Name: s.Name, Title: s.Title, SpecFile: s.File, SpecSHA256: s.SHA256})
		p.addTrials(s, p.chooseSystems(s, o.Systems), random)
	}
	for _, name := range o.Systems {
		if !p.hasSystem(name) {
			return Plan{}, fmt.Errorf("%w: system %q is in none of the specs", ErrOptions, name)
		}
	}
	if len(p.Trials) == 0 {
		return Plan{}, fmt.Errorf("%w: no spec is given", ErrOptions)
	}
	return p, nil
}

// chooseSystems names the systems of a spec that are wanted, and notes their definitions.
func (p *Plan) chooseSystems(s spec.Spec, wanted []string) []string {
	var names []string
	for _, d := range s.Systems {
		if len(wanted) > 0 && !slices.Contains(wanted, d.Name) {
			continue
		}
		names = append(names, d.Name)
		if !p.hasSystem(d.Name) {
			p.Systems = append(p.Systems, d)
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
	for round := range int(size.Rounds) {
		shuffle(points, random)
		for _, point := range points {
			shuffle(systems, random)
			for _, name := range systems {
				p.Trials = append(p.Trials, p.trial(s, size, point, name, round))
			}
		}
	}
}

func (p *Plan) trial(s spec.Spec, size spec.Size, point results.Cell, system string, round int) Trial {
	t := Trial{
		Cell:             point,
		Round:            round,
		Order:            len(p.Trials),
		Seed:             binary.BigEndian.Uint64(digest(p.Seed, point, round)),
		Workload:         s.Workload(point.Workload, point.Distribution, point.Records, point.ValueBytes),
		Operations:       size.Operations,
		WarmupOperations: size.WarmupOperations,
	}
	if point.Pipeline > 1 {
		t.Operations = size.PipelinedOperations
	}
	if t.WarmupOperations == 0 {
		t.WarmupOperations = t.Operations / 10
	}
	t.Cell.System = system
	t.CellHash = hex.EncodeToString(digest(t.Cell, t.Workload, t.Operations, t.WarmupOperations, p.Seed)[:8])
	return t
}

// points is the product of a spec's lists, as cells without a system.
func points(s spec.Spec, size spec.Size) []results.Cell {
	var all []results.Cell
	for _, workload := range s.Workloads {
		for _, distribution := range s.Distributions {
			for _, valueBytes := range s.ValueBytes {
				for _, connections := range s.Connections {
					for _, pipeline := range s.Pipeline {
						all = append(all, results.Cell{
							Experiment: s.Name, Workload: workload, Distribution: distribution,
							Records: size.Records, ValueBytes: valueBytes, Driver: s.Driver,
							Threads: s.Threads, Connections: connections, Pipeline: pipeline,
							Topology: topology,
						})
					}
				}
			}
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
