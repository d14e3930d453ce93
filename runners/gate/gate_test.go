package gate_test

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"bpfdb/internal/jsonschema"
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

// small is a gate over the test's own server in both roles; its figures mean nothing.
func small(t *testing.T, behaviour string) gate.Gate {
	t.Helper()
	out := t.TempDir()
	size := spec.Size{Records: 200, Operations: 2000, PipelinedOperations: 2000, WarmupOperations: 10, Rounds: 1}
	g := gate.Gate{
		Bench: gate.Bench{
			Spec: spec.Spec{
				File: "e.yaml", Name: "e", SHA256: "spec", Title: "Test", Theta: 0.99, Workloads: []string{"ycsb-a"},
				Distributions: []string{"zipfian"}, ValueBytes: []int{100}, Driver: "raw", Threads: 1,
				Connections: []int{4}, Pipeline: []int{16}, Profiles: map[string]spec.Size{"quick": size},
				Systems: []system.Definition{systemtest.Definition("test", behaviour)},
			},
			Rounds: gate.LeastRounds,
			Sides:  [2]gate.Side{{Name: "base", BPFDB: os.Args[0]}, {Name: "head", BPFDB: os.Args[0]}},
		},
		Rules: gate.DefaultRules, Out: out, TimedOnly: true, Say: t.Logf,
	}
	return g
}

// A whole gate with real processes: the document on disk is the one returned. What the
// verdict is depends on the machine.
func TestGate(t *testing.T) {
	g := small(t, systemtest.Good)
	d, err := g.Run(t.Context())
	if err != nil {
		t.Fatal(err)
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
	if stored.Verdict != d.Verdict || len(stored.Timed.Findings) != 2 || stored.Environment.Kernel == "" {
		t.Errorf("stored %+v", stored)
	}
	for i, f := range stored.Timed.Findings {
		blocks := stored.Timed.Tests[i].Blocks
		if len(blocks) != f.Blocks || len(blocks) < g.Rules.LeastBlocks || !(f.Lo <= f.Times && f.Times <= f.Hi) {
			t.Errorf("%d blocks, finding %+v", len(blocks), f)
		}
		for _, b := range blocks {
			if len(b.Worse) != g.Rounds || len(b.Equal) != g.Rounds {
				t.Errorf("%d and %d pairs, want %d", len(b.Worse), len(b.Equal), g.Rounds)
			}
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

// A cell for each system and point, in the order of the spec.
func TestCells(t *testing.T) {
	g := small(t, systemtest.Good)
	g.Spec.Systems = append(g.Spec.Systems, systemtest.Definition("other", systemtest.Good))
	g.Spec.Connections = []int{4, 8}
	cells, err := g.Cells()
	if err != nil || len(cells) != 4 {
		t.Fatalf("%d cells, %v", len(cells), err)
	}
	for i, c := range cells {
		want := []string{"test", "other"}[i/2]
		if c.System.Name != want || !strings.HasPrefix(c.Name, want+" ycsb-a 100 B c") {
			t.Errorf("cell %d is %q", i, c.Name)
		}
	}
	g.Systems = []string{"absent"}
	if _, err := g.Cells(); !errors.Is(err, plan.ErrOptions) {
		t.Errorf("an unknown system: %v, want ErrOptions", err)
	}
}
