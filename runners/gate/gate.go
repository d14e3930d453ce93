package gate

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"bpfdb/results"
	"bpfdb/runners/host"
)

// SchemaVersion is written to every gate.json; it grows when a field changes meaning.
const SchemaVersion = 2

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
	Levels        []Level             `json:"levels"` // what the ratios are ratios of
	Environment   results.Environment `json:"environment"`
	Timed         Decision            `json:"timed"`
	Exact         []Exact             `json:"exact"`
}

// Level says what base reached in one block of a cell.
type Level struct {
	Cell      string  `json:"cell"`
	Block     int     `json:"block"`
	P99NS     float64 `json:"p99_ns"`    // medians over slices
	Ops       float64 `json:"ops"`       // per second
	Saturated float64 `json:"saturated"` // share of slices in which the generator was the bottleneck
}

// Gate compares the two sides of a bench.
type Gate struct {
	Bench
	Rules Rules
	Out   string                                // a directory for gate.json
	Say   func(format string, arguments ...any) // tells what happens
	// Nice is the nice value while servers are measured, theirs too; 0 changes nothing. It
	// stays: it is for a process that does nothing else.
	Nice int
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
		Rounds: g.Rounds, Seed: g.Seed, Environment: host.ReadEnvironment(os.DirFS("/"))}
	host.ReadSource(ctx, ".", &d.Environment)
	var err error
	if !g.TimedOnly {
		if err = g.exact(ctx, d); err != nil {
			return nil, err
		}
	}
	if err := g.raise(); err != nil {
		return nil, err
	}
	cells, err := g.Cells()
	if err != nil {
		return nil, err
	}
	if d.Timed, err = g.Rules.Decide(g.measure(ctx, cells, d), names(cells), g.Seed); err != nil {
		return nil, err
	}
	verdicts := []Verdict{d.Timed.Verdict}
	for _, e := range d.Exact {
		verdicts = append(verdicts, e.Verdict)
	}
	d.Verdict, d.Finished = worst(verdicts), time.Now().UTC()
	return d, writeJSON(filepath.Join(g.Out, File), d)
}

func (g Gate) raise() error {
	if g.Nice == 0 {
		return nil
	}
	if err := host.RaisePriority(g.Nice); err != nil {
		return fmt.Errorf("%w: %w", ErrBroken, err)
	}
	return nil
}

// measure makes blocks, notes their levels and, of each cell's first, compares the memory.
func (g Gate) measure(ctx context.Context, cells []Cell, d *Document) Measure {
	return func(name string, block int) (map[string]Rounds, error) {
		cell := cells[indexOf(cells, name)]
		b, err := g.Measure(ctx, cell, block)
		if err != nil {
			return nil, err
		}
		d.Levels = append(d.Levels, Level{name, block, b.BaseP99NS, b.BaseOps, b.Saturated})
		if block == 1 && b.Counted {
			d.Exact = append(d.Exact, CompareExact(BytesPerKey, b.perKey(cell, 0), b.perKey(cell, 1))...)
		}
		say := fmt.Sprintf("%s, block %d:", name, block)
		for _, metric := range metrics {
			say += fmt.Sprintf(" %s %s", metric, share(b.times(metric)))
		}
		g.Say("%s", say)
		return b.Metrics, nil
	}
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
