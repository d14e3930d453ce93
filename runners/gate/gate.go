package gate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"bpfdb/results"
	"bpfdb/runners/host"
)

// SchemaVersion is written to every gate.json; it grows when a field changes meaning.
const SchemaVersion = 1

// File is the name a gate's document has inside its directory.
const File = "gate.json"

// Document is one finished gate.
type Document struct {
	SchemaVersion int                 `json:"schema_version"`
	Verdict       Verdict             `json:"verdict"`
	Started       time.Time           `json:"started"`
	Finished      time.Time           `json:"finished"`
	Sides         [2]Side             `json:"sides"`
	Rules         Rules               `json:"rules"`
	Rounds        int                 `json:"rounds"` // of one block
	Seed          uint64              `json:"seed"`
	Noise         *Noise              `json:"noise"`
	Environment   results.Environment `json:"environment"`
	Timed         Decision            `json:"timed"`
	Exact         []Exact             `json:"exact"`
}

// Gate compares the two sides of a bench.
type Gate struct {
	Bench
	Rules Rules
	// NoiseFile holds what this machine shows between equal builds. Where it is absent or
	// of another machine, base is measured against itself first and the file written.
	NoiseFile string
	Say       func(format string, arguments ...any) // tells what happens
	// TimedOnly leaves out the exact comparisons.
	TimedOnly bool
}

// Run compares and writes gate.json. A document comes back only from a completed
// comparison.
func (g Gate) Run(ctx context.Context) (*Document, error) {
	if g.Rounds < LeastRounds {
		return nil, fmt.Errorf("%w: %d rounds, want at least %d", ErrBroken, g.Rounds, LeastRounds)
	}
	d := &Document{SchemaVersion: SchemaVersion, Started: time.Now().UTC(), Sides: g.Sides, Rules: g.Rules,
		Rounds: g.Rounds, Seed: g.Seed}
	var err error
	if !g.TimedOnly {
		if err = g.exact(ctx, d); err != nil {
			return nil, err
		}
	}
	measure := func(block int, cells []string) ([]Test, error) {
		if block == 1 {
			g.Say("block 1 of %d rounds, %s against %s", g.Rounds, g.Sides[1].Source, g.Sides[0].Source)
		} else {
			g.Say("block %d of %d rounds over what is in doubt: %q", block, g.Rounds, cells)
		}
		tests, run, err := g.Measure(ctx, block, cells)
		if err == nil && block == 1 {
			d.Environment = run.Environment
			bytes := CompareExact(BytesPerKey, bytesPerKey(run, baseSide), bytesPerKey(run, headSide))
			d.Exact = append(d.Exact, bytes...)
		}
		return tests, err
	}
	if d.Noise, err = g.noise(ctx); err != nil {
		return nil, err
	}
	if d.Timed, err = g.Rules.Decide(measure, d.Noise, g.Seed); err != nil {
		return nil, err
	}
	verdicts := []Verdict{d.Timed.Verdict}
	for _, e := range d.Exact {
		verdicts = append(verdicts, e.Verdict)
	}
	d.Verdict, d.Finished = worst(verdicts), time.Now().UTC()
	return d, writeJSON(filepath.Join(g.Out, File), d)
}

// exact compares what the two source trees say without a server.
func (g Gate) exact(ctx context.Context, d *Document) error {
	var instructions, allocated [2]map[string]float64
	var err error
	for i, side := range g.Sides {
		g.Say("%s: verified instructions, allocations per operation", side.Name)
		if instructions[i], err = programInstructions(side.Tree); err != nil {
			return fmt.Errorf("%s: %w", side.Name, err)
		}
		if allocated[i], err = allocations(ctx, side.Tree); err != nil {
			return fmt.Errorf("%s: %w", side.Name, err)
		}
	}
	d.Exact = append(CompareExact(Instructions, instructions[0], instructions[1]),
		CompareExact(Allocations, allocated[0], allocated[1])...)
	return nil
}

// noise reads the stored noise or measures it.
func (g Gate) noise(ctx context.Context) (*Noise, error) {
	stored, err := ReadNoise(g.NoiseFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	if err == nil {
		if err = g.covers(stored); err == nil {
			return stored, nil
		}
	}
	g.Say("no usable noise of this machine (%v): base against base first", err)
	return g.MeasureNoise(ctx, 2)
}

// MeasureNoise measures base against itself, over some blocks' worth of rounds, and
// stores what it finds.
func (g Gate) MeasureNoise(ctx context.Context, blocks int) (*Noise, error) {
	equal := g.Bench
	equal.Sides[1] = g.Sides[0]
	equal.Sides[1].Name = headSide
	equal.Out, equal.Rounds = filepath.Join(g.Out, "noise"), blocks*g.Rounds
	tests, run, err := equal.Measure(ctx, 0, nil)
	if err != nil {
		return nil, err
	}
	n := NewNoise(tests, g.Rounds, run.Environment, g.Spec.SHA256)
	return n, n.Write(g.NoiseFile)
}

// covers says why stored noise cannot serve this bench; nil when it can.
func (g Gate) covers(stored *Noise) error {
	if err := stored.Fits(host.ReadEnvironment(os.DirFS("/")), g.Spec.SHA256, g.Rounds); err != nil {
		return err
	}
	tests, err := g.tests()
	if err != nil {
		return err
	}
	for _, t := range tests {
		if stored.point(t) == nil {
			return fmt.Errorf("%w: it lacks %s", ErrOtherNoise, t.name())
		}
	}
	return nil
}
