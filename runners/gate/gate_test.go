package gate_test

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"bpfdb/internal/jsonschema"
	"bpfdb/results"
	"bpfdb/runners/gate"
	"bpfdb/runners/plan"
	"bpfdb/runners/spec"
	"bpfdb/runners/system"
	"bpfdb/runners/system/systemtest"
)

var rewrite = flag.Bool("rewrite", false, "write the schema file instead of comparing with it")

func TestMain(m *testing.M) {
	systemtest.Main()
	os.Exit(m.Run())
}

type silent struct{}

func (silent) Begin([]plan.Trial)   {}
func (silent) Starting(plan.Trial)  {}
func (silent) Done(t results.Trial) {}

// small is a gate over the test's own server in both roles; its figures mean nothing.
func small(t *testing.T, behaviour string) gate.Gate {
	t.Helper()
	out := t.TempDir()
	size := spec.Size{Records: 200, Operations: 10_000, PipelinedOperations: 10_000, WarmupOperations: 10, Rounds: 1}
	g := gate.Gate{
		Bench: gate.Bench{
			Spec: spec.Spec{
				File: "e.yaml", Name: "e", SHA256: "spec", Title: "Test", Theta: 0.99, Workloads: []string{"ycsb-a"},
				Distributions: []string{"zipfian"}, ValueBytes: []int{100}, Driver: "raw", Threads: 1,
				Connections: []int{4}, Pipeline: []int{16}, Profiles: map[string]spec.Size{"quick": size},
				Systems: []system.Definition{systemtest.Definition("test", behaviour)},
			},
			Rounds: gate.LeastRounds, Out: out, Observer: silent{},
			Sides: [2]gate.Side{{Name: "base", BPFDB: os.Args[0]}, {Name: "head", BPFDB: os.Args[0]}},
		},
		Rules: gate.DefaultRules, NoiseFile: filepath.Join(out, "noise.json"), TimedOnly: true, Say: t.Logf,
	}
	return g
}

// A whole gate with real processes: noise is measured first and stored, then blocks, and
// the document on disk is the one returned. What the verdict is depends on the machine.
func TestGate(t *testing.T) {
	g := small(t, systemtest.Good)
	d, err := g.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	noise, err := gate.ReadNoise(g.NoiseFile)
	if err != nil || len(noise.Points) != 2 || noise.Rounds != gate.LeastRounds {
		t.Errorf("stored noise: %+v, %v", noise, err)
	}
	text, err := os.ReadFile(filepath.Join(g.Out, gate.File))
	if err != nil {
		t.Fatal(err)
	}
	schema, err := jsonschema.CompareFile("../../results/gate.schema.json", reflect.TypeFor[gate.Document](), *rewrite,
		".", "../../results")
	if err == nil {
		err = schema.Check(text)
	}
	if err != nil {
		t.Error(err)
	}
	var stored gate.Document
	if err := json.Unmarshal(text, &stored); err != nil {
		t.Fatal(err)
	}
	if stored.Verdict != d.Verdict || len(stored.Timed.Final) != 2 || stored.Environment.Kernel == "" {
		t.Errorf("stored %+v", stored)
	}
	for _, f := range stored.Timed.Blocks[0] {
		if len(f.Worse) != gate.LeastRounds || !(f.Lo <= f.Times && f.Times <= f.Hi) {
			t.Errorf("first block: %+v", f)
		}
	}
	if len(stored.Exact) != 1 || stored.Exact[0].Verdict != gate.OK {
		t.Errorf("bytes per key of a server that always says 4096: %+v", stored.Exact)
	}
}

// A comparison that fails is never a verdict.
func TestBrokenGate(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*gate.Gate)
	}{
		{"a server that dies", func(g *gate.Gate) {
			g.Spec.Systems[0] = systemtest.Definition("test", systemtest.Stillborn)
		}},
		{"a server that answers wrongly", func(g *gate.Gate) {
			g.Spec.Systems[0] = systemtest.Definition("test", systemtest.Lying)
		}},
		{"too few rounds", func(g *gate.Gate) { g.Rounds = gate.LeastRounds - 1 }},
		{"a binary that is not there", func(g *gate.Gate) {
			g.Sides[1].BPFDB = filepath.Join(t.TempDir(), "absent")
		}},
		{"noise that cannot be read", func(g *gate.Gate) {
			if err := os.WriteFile(g.NoiseFile, []byte("{"), 0o600); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		g := small(t, systemtest.Good)
		c.spoil(&g)
		d, err := g.Run(t.Context())
		if !errors.Is(err, gate.ErrBroken) || d != nil {
			t.Errorf("%s: got %+v, %v; want ErrBroken", c.name, d, err)
		}
		if _, err := os.Stat(filepath.Join(g.Out, gate.File)); err == nil {
			t.Errorf("%s: there is a document all the same", c.name)
		}
	}
}

// The sides of a system share rounds, seeds and loads, and nothing else takes part.
func TestPlan(t *testing.T) {
	g := small(t, systemtest.Good)
	p, err := g.Plan(1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Trials) != 2*gate.LeastRounds || len(p.Systems) != 2 {
		t.Fatalf("%d trials of %d systems", len(p.Trials), len(p.Systems))
	}
	for i := 0; i < len(p.Trials); i += 2 {
		a, b := p.Trials[i], p.Trials[i+1]
		if a.Round != b.Round || a.Seed != b.Seed || a.Cell.System == b.Cell.System {
			t.Errorf("trials %d and %d are no pair: %+v, %+v", i, i+1, a, b)
		}
	}
	other, err := g.Plan(2, []string{"test ycsb-a 100 B c4 p16"})
	if err != nil || len(other.Trials) != len(p.Trials) || other.Trials[0].Seed == p.Trials[0].Seed {
		t.Errorf("the second block repeats the first one's load, or %v", err)
	}
	if none, err := g.Plan(2, []string{"another"}); err != nil || len(none.Trials) != 0 {
		t.Errorf("%d trials of an unknown cell, %v", len(none.Trials), err)
	}
	g.Systems = []string{"absent"}
	if _, err := g.Plan(1, nil); !errors.Is(err, plan.ErrOptions) {
		t.Errorf("an unknown system: %v, want ErrOptions", err)
	}
}

func TestNoiseFits(t *testing.T) {
	n := gate.NewNoise([]gate.Test{{Cell: "c", Metric: "p99", Worse: []float64{0.1, -0.1}}}, 10, environment, "spec")
	if err := n.Fits(environment, "spec", 10); err != nil {
		t.Error(err)
	}
	other := environment
	other.CPUs++
	for name, err := range map[string]error{
		"machine": n.Fits(other, "spec", 10), "spec": n.Fits(environment, "new", 10),
		"rounds": n.Fits(environment, "spec", 20),
	} {
		if !errors.Is(err, gate.ErrOtherNoise) {
			t.Errorf("another %s: got %v, want ErrOtherNoise", name, err)
		}
	}
}
