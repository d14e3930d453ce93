package plan_test

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"bpfdb/runners/plan"
	"bpfdb/runners/spec"
	"bpfdb/workloads/trace"
)

// Asked for by the spec or by an option, there is one trial of each cell for each instrument, and
// what is measured stays as it was.
func TestInstrumented(t *testing.T) {
	o := plan.Options{Profile: "quick", Seed: 3, Twin: "two"}
	plain := newPlan(t, o)
	e := experiment("e")
	e.Instruments = []string{"bpf"}
	o.Instruments = []string{"perf"}
	p, err := plan.New([]spec.Spec{e}, o)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(p.Trials, plain.Trials) || len(plain.Instrumented) != 0 {
		t.Error("the measured trials changed")
	}
	hashes, count := map[string]bool{}, map[string]int{}
	for i, trial := range p.Instrumented {
		hashes[trial.CellHash] = true
		count[trial.Instrument+" "+trial.Cell.System]++
		if trial.Order != i || trial.Operations+trial.Warmup.Operations != 0 || trial.Duration != 5*time.Second {
			t.Errorf("trial %d: %+v", i, trial)
		}
	}
	want := map[string]int{"perf one": 4, "perf two": 4, "bpf one": 4, "bpf two": 4}
	if !reflect.DeepEqual(count, want) || len(hashes) != 16 {
		t.Errorf("%v with %d hashes, want %v", count, len(hashes), want)
	}
	if longer := p.Estimate() - plain.Estimate(); longer < 16*6*time.Second {
		t.Errorf("takes %v longer, want 6 s and more for each of 16", longer)
	}
	var text bytes.Buffer
	if err := p.Print(&text); err != nil || !strings.Contains(text.String(), "after them, 16 instrumented trials") {
		t.Errorf("%v, printed as\n%s", err, text.String())
	}
}

// A trace without times has the length that the spec gives it, one with times that of all others.
func TestInstrumentedTrace(t *testing.T) {
	e := experiment("e")
	e.Workloads, e.Distributions, e.ValueBytes = []string{spec.TraceWorkload}, []string{"synthetic"}, []int{0}
	for _, speeds := range [][]float64{nil, {2}} {
		e.Trace = &spec.Trace{Synthetic: trace.DefaultSynthetic(), Speeds: speeds}
		p, err := plan.New([]spec.Spec{e}, plan.Options{Profile: "quick", Instruments: []string{"perf"}})
		if err != nil {
			t.Fatal(err)
		}
		for _, trial := range p.Instrumented {
			if byTime := trial.Operations == 0; byTime != (speeds != nil) || byTime != (trial.Duration > 0) {
				t.Errorf("speeds %v: %d operations, %v", speeds, trial.Operations, trial.Duration)
			}
		}
	}
}

// A search and a recovery have nothing to look into; asked for nothing else, that is a mistake.
func TestInstrumentsRefused(t *testing.T) {
	o := plan.Options{Profile: "quick", Instruments: []string{"perf"}}
	search, restart := experiment("search"), experiment("restart")
	search.Load.SLO = &spec.SLO{Percentile: 99, Limit: time.Millisecond, From: 1000, To: 2000, Resolution: 0.1}
	restart.Durability.Recovery = []string{spec.StopKill}
	if _, err := plan.New([]spec.Spec{search, restart}, o); !errors.Is(err, plan.ErrOptions) {
		t.Errorf("nothing to look into: %v, want ErrOptions", err)
	}
	if p, err := plan.New([]spec.Spec{search, experiment("e")}, o); err != nil || len(p.Instrumented) != 8 {
		t.Errorf("one of two to look into: %d trials, %v", len(p.Instrumented), err)
	}
	o.Instruments = []string{"gdb"}
	if _, err := plan.New([]spec.Spec{experiment("e")}, o); !errors.Is(err, plan.ErrOptions) {
		t.Errorf("no such instrument: %v, want ErrOptions", err)
	}
}
