package run_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"bpfdb/runners/run"
	"bpfdb/runners/system"
	"bpfdb/runners/system/systemtest"
)

// duel runs one over servers of the test's own that behave in some ways.
func duel(ctx context.Context, t *testing.T, order func(int) []int, behaviours ...string) ([]run.Contestant, error) {
	t.Helper()
	var installations []system.Installation
	for _, behaviour := range behaviours {
		in, err := systemtest.Definition("test", behaviour).Find(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		installations = append(installations, in)
	}
	p := twoRounds(t, good("test"))
	return run.Duel(ctx, p.Trials[0], installations, 4, order)
}

// Every server has a slice in each round, in the order asked for.
func TestDuel(t *testing.T) {
	asked := 0
	got, err := duel(t.Context(), t, func(round int) []int {
		if round != asked {
			t.Errorf("asked for round %d, want %d", round, asked)
		}
		asked++
		return []int{1, 0}
	}, systemtest.Good, systemtest.Good)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range got {
		if len(c.Slices) != 4 || c.LoadedBytes == 0 {
			t.Errorf("server %d: %+v", i, c)
		}
		for _, s := range c.Slices {
			if s.Ops == 0 || s.P99NS <= 0 || s.ThroughputOps <= 0 {
				t.Errorf("server %d has an empty slice: %+v", i, s)
			}
		}
	}
}

// One bad server ends the duel; nothing is measured around it.
func TestDuelFails(t *testing.T) {
	inOrder := func(int) []int { return []int{0, 1} }
	for behaviour, want := range map[string]string{
		systemtest.Stillborn: "died",
		systemtest.Lying:     "wrong values",
		systemtest.Mortal:    "died",
		systemtest.Sore:      "did not stop cleanly",
	} {
		if _, err := duel(t.Context(), t, inOrder, systemtest.Good, behaviour); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", behaviour, err, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := duel(ctx, t, func(round int) []int {
		if round == 1 {
			cancel()
		}
		return []int{0, 1}
	}, systemtest.Good, systemtest.Good)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
