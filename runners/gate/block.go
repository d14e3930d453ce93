package gate

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"bpfdb/results"
	"bpfdb/runners/plan"
	"bpfdb/runners/run"
	"bpfdb/runners/spec"
)

// Bench measures blocks of rounds of two sides under one spec.
type Bench struct {
	Spec     spec.Spec
	Systems  []string // of the spec, all when empty
	Sides    [2]Side  // base, head
	Rounds   int
	Seed     uint64
	Out      string // each block has a results directory in it
	Observer run.Observer
}

// Plan is what one block does: one experiment per system, so that the two sides of a
// system are always measured next to each other.
func (b Bench) Plan(block int, cells []string) (plan.Plan, error) {
	var specs []spec.Spec
	for _, d := range b.Spec.Systems {
		if len(b.Systems) > 0 && !slices.Contains(b.Systems, d.Name) {
			continue
		}
		s := b.Spec
		s.Name += "-" + d.Name
		s.Systems = nil
		for _, side := range b.Sides {
			arm := d
			arm.Name += "@" + side.Name
			arm.Binary, arm.BinaryEnv = side.BPFDB, ""
			s.Systems = append(s.Systems, arm)
		}
		s.Profiles = map[string]spec.Size{}
		size := b.Spec.Profiles[profile]
		size.Rounds = uint64(b.Rounds)
		s.Profiles[profile] = size
		specs = append(specs, s)
	}
	for _, name := range b.Systems {
		if !slices.ContainsFunc(specs, func(s spec.Spec) bool { return s.Name == b.Spec.Name+"-"+name }) {
			return plan.Plan{}, fmt.Errorf("%w: system %q is not in %s", plan.ErrOptions, name, b.Spec.File)
		}
	}
	p, err := plan.New(specs, plan.Options{Profile: profile, Seed: b.Seed<<8 + uint64(block)})
	if err != nil {
		return plan.Plan{}, err
	}
	if cells != nil {
		p.Trials = slices.DeleteFunc(p.Trials, func(t plan.Trial) bool {
			return !slices.Contains(cells, cellOf(t.Cell))
		})
	}
	return p, nil
}

// profile is the size of the gate's trials.
const profile = "quick"

// Measure carries out one block.
func (b Bench) Measure(ctx context.Context, block int, cells []string) ([]Test, *results.Run, error) {
	p, err := b.Plan(block, cells)
	if err != nil {
		return nil, nil, err
	}
	r, err := run.Run(ctx, p, filepath.Join(b.Out, fmt.Sprintf("block-%d", block)), b.Observer)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: block %d: %w", ErrBroken, block, err)
	}
	if want := len(p.Trials); len(r.Trials) != want {
		return nil, nil, fmt.Errorf("%w: block %d: %d of %d trials", ErrBroken, block, len(r.Trials), want)
	}
	tests, err := Pairs(r)
	return tests, r, err
}

// tests names what a block measures, without measuring.
func (b Bench) tests() ([]Test, error) {
	p, err := b.Plan(1, nil)
	if err != nil {
		return nil, err
	}
	var tests []Test
	for _, t := range p.Trials {
		if t.Round == 0 && side(t.Cell) == baseSide {
			tests = append(tests, Test{Cell: cellOf(t.Cell), Metric: MetricP99},
				Test{Cell: cellOf(t.Cell), Metric: MetricThroughput})
		}
	}
	return tests, nil
}
