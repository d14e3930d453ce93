package run_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"

	"bpfdb/results"
	"bpfdb/runners/run"
	"bpfdb/runners/system/systemtest"
)

// essence is what must not depend on whether a run was interrupted.
func essence(r *results.Run) (all []string) {
	for _, t := range r.Trials {
		all = append(all, fmt.Sprint(
			t.Order, t.Round, t.Cell, t.CellHash, t.Seed, t.OpStreamHash, t.Ops, t.Failure == ""))
	}
	return all
}

// interrupt runs the plan of two rounds on two systems and stops it after some trials.
func interrupt(t *testing.T, out string, after int, systems ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p := twoRounds(t, good(systems[0]), systemtest.Definition(systems[1], systems[1]))
	_, err := run.Run(ctx, p, out, observer{done: func(trial results.Trial) {
		if trial.Order == after-1 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want context.Canceled", err)
	}
}

// Wherever a run is interrupted, resumed it equals one that never was.
func TestResumeEqualsUninterrupted(t *testing.T) {
	p := twoRounds(t, good("one"), good(systemtest.Good))
	whole, err := run.Run(t.Context(), p, t.TempDir(), observer{})
	if err != nil {
		t.Fatal(err)
	}
	for after := 1; after <= 3; after++ {
		out := t.TempDir()
		interrupt(t, out, after, "one", systemtest.Good)
		made := 0
		if _, err := run.Resume(t.Context(), p, out, observer{done: func(results.Trial) { made++ }}); err != nil {
			t.Fatal(err)
		}
		r, err := results.ReadRun(out)
		if err != nil {
			t.Fatal(err)
		}
		if made != 4-after || !slices.Equal(essence(r), essence(whole)) || len(r.Resumed) != 1 || r.Finished.IsZero() {
			t.Errorf("interrupted after %d: made %d, resumed %v\ngot  %q\nwant %q", after, made, r.Resumed,
				essence(r), essence(whole))
		}
	}
}

// A run that was wrong before the interruption stays wrong.
func TestResumeRemembersWrongValues(t *testing.T) {
	out := t.TempDir()
	interrupt(t, out, 2, "one", systemtest.Lying)
	p := twoRounds(t, good("one"), systemtest.Definition(systemtest.Lying, systemtest.Lying))
	if _, err := run.Resume(t.Context(), p, out, observer{}); !errors.Is(err, run.ErrWrongValues) {
		t.Errorf("got %v, want ErrWrongValues", err)
	}
}

func TestResumeRefusesAnotherRun(t *testing.T) {
	out := t.TempDir()
	interrupt(t, out, 1, "one", systemtest.Good)
	p := twoRounds(t, good("one"), good(systemtest.Good))
	other := p
	other.Seed++
	reordered := p
	reordered.Trials = slices.Clone(p.Trials)
	slices.Reverse(reordered.Trials)
	changed := p
	changed.Systems = slices.Clone(p.Systems)
	changed.Systems[1].Arguments = append(slices.Clone(changed.Systems[1].Arguments), "more")
	fewer := p
	fewer.Trials = p.Trials[:3]
	for name, err := range map[string]error{
		"seed":   second(run.Resume(t.Context(), other, out, observer{})),
		"order":  second(run.Resume(t.Context(), reordered, out, observer{})),
		"system": second(run.Resume(t.Context(), changed, out, observer{})),
		"trials": second(run.Resume(t.Context(), fewer, out, observer{})),
	} {
		if !errors.Is(err, run.ErrOtherRun) {
			t.Errorf("%s: got %v, want ErrOtherRun", name, err)
		}
	}
	if _, err := run.Resume(t.Context(), p, t.TempDir(), observer{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("nothing to resume: got %v", err)
	}
}

func second(_ *results.Run, err error) error { return err }
