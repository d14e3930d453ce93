package gate

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"bpfdb/runners/plan"
	"bpfdb/runners/run"
	"bpfdb/runners/spec"
	"bpfdb/runners/system"
)

// Bench measures blocks of rounds of two sides under one spec.
type Bench struct {
	Spec    spec.Spec
	Systems []string // of the spec, all when empty
	Sides   [2]Side  // base, head
	Rounds  int      // of a block
	Seed    uint64
}

// profile is the size of the gate's slices.
const profile = "quick"

// Cell is what is judged: a system under one point of the spec.
type Cell struct {
	Name   string // the same words in every block
	System system.Definition
	Trial  plan.Trial // what one slice is
}

// Cells lists what the spec asks for.
func (b Bench) Cells() ([]Cell, error) {
	s := b.Spec
	size := s.Profiles[profile]
	size.Rounds = 1
	s.Profiles = map[string]spec.Size{profile: size}
	p, err := plan.New([]spec.Spec{s}, plan.Options{Profile: profile, Systems: b.Systems, Seed: b.Seed})
	if err != nil {
		return nil, err
	}
	var cells []Cell
	for _, d := range p.Systems { // the plan's trials are in random order
		for _, t := range p.Trials {
			if t.Cell.System == d.Name {
				c := t.Cell
				name := fmt.Sprintf("%s %s %d B c%d p%d", d.Name, c.Workload, c.ValueBytes, c.Connections, c.Pipeline)
				cells = append(cells, Cell{name, d, t})
			}
		}
	}
	slices.SortStableFunc(cells, func(a, b Cell) int {
		return slices.IndexFunc(p.Systems, isNamed(a.System.Name)) - slices.IndexFunc(p.Systems, isNamed(b.System.Name))
	})
	return cells, nil
}

func isNamed(name string) func(system.Definition) bool {
	return func(d system.Definition) bool { return d.Name == name }
}

// The servers of a block. Base runs twice: how far its two servers lie apart is the noise
// that head is held against, and both together are what it is compared with.
const (
	baseServer = iota
	twinServer
	headServer
	serverCount
)

// Measure carries out one block of a cell on servers of its own.
func (b Bench) Measure(ctx context.Context, cell Cell, block int) (Block, error) {
	var installations [serverCount]system.Installation
	for i, side := range []Side{b.Sides[0], b.Sides[0], b.Sides[1]} {
		d := cell.System
		d.Binary, d.BinaryEnv = side.BPFDB, ""
		in, err := d.Find(ctx)
		if err != nil {
			return Block{}, fmt.Errorf("%w: %s: %w", ErrBroken, side.Name, err)
		}
		installations[i] = in
	}
	t := cell.Trial
	t.Seed += uint64(block) << 32
	orders := orders(b.Rounds, t.Seed)
	measured, err := run.Duel(ctx, t, installations[:], b.Rounds, func(round int) []int { return orders[round] })
	if err != nil {
		return Block{}, fmt.Errorf("%w: %s, block %d: %w", ErrBroken, cell.Name, block, err)
	}
	return newBlock(measured)
}

// permutations are all orders three servers can be measured in.
var permutations = [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}

// orders has every permutation equally often, as far as rounds allow, in random order: what
// drifts while a round lasts falls on all servers alike.
func orders(rounds int, seed uint64) [][]int {
	all := make([][]int, rounds)
	for i := range all {
		all[i] = permutations[i%len(permutations)]
	}
	random := rand.New(rand.NewPCG(seed, 1))
	random.Shuffle(rounds, func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

func names(cells []Cell) []string {
	all := make([]string, len(cells))
	for i, c := range cells {
		all[i] = c.Name
	}
	return all
}

func indexOf(cells []Cell, name string) int {
	return slices.IndexFunc(cells, func(c Cell) bool { return c.Name == name })
}
