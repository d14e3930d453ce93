package run

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"bpfdb/results"
	"bpfdb/runners/plan"
)

// ErrOtherRun means that an interrupted run cannot go on, as something about it has changed.
var ErrOtherRun = errors.New("not the run that was interrupted")

// Resume goes on with a run that was interrupted in the directory out. Trials it holds are
// kept, failed ones too, and the plan's others are made in their order, so that the whole is
// what an uninterrupted run would have been. The plan, the systems, the machine and the source
// must be those of before; ErrOtherRun says what is not. A finished run is returned as it is.
func Resume(ctx context.Context, p plan.Plan, out string, observer Observer) (*results.Run, error) {
	r, err := results.ReadRun(out)
	if err != nil {
		return nil, err
	}
	installations, systems, err := find(ctx, p.Systems)
	if err != nil {
		return nil, err
	}
	w := work{installed(p.Trials, installations), installed(p.Instrumented, installations), p.Twin, installations}
	if err := sameRun(r, p, w); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", out, ErrOtherRun, err)
	}
	if err := sameSystems(r.Systems, systems); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", out, ErrOtherRun, err)
	}
	if err := sameEnvironment(r.Environment, environment(ctx)); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", out, ErrOtherRun, err)
	}
	if r.Finished.IsZero() {
		r.Resumed = append(r.Resumed, time.Now().UTC())
	}
	return proceed(ctx, r, w, out, observer)
}

// sameRun compares what was planned, trial by trial as far as they were made. Cell hashes
// cover everything that shapes a trial.
func sameRun(r *results.Run, p plan.Plan, w work) error {
	switch {
	case r.Profile != p.Profile || r.Seed != p.Seed:
		return fmt.Errorf("it had profile %s and seed %d, not %s and %d", r.Profile, r.Seed, p.Profile, p.Seed)
	case !reflect.DeepEqual(r.Experiments, p.Experiments):
		return errors.New("its experiments were others, or their files have changed")
	case r.PlannedTrials != len(w.trials):
		return fmt.Errorf("it had %d trials to make, not %d", r.PlannedTrials, len(w.trials))
	case len(r.Instrumented) > len(w.instrumented):
		return fmt.Errorf("it has %d instrumented trials, more than the %d to make", len(r.Instrumented),
			len(w.instrumented))
	}
	for i, made := range r.Instrumented {
		if want := w.instrumented[i].CellHash; made.CellHash != want {
			return fmt.Errorf("instrumented trial %d was of cell %s, not of %s", i, made.CellHash, want)
		}
	}
	for i, made := range r.Trials {
		t := w.trials[i]
		if made.CellHash != t.CellHash || made.Round != t.Round || made.Order != t.Order || made.Seed != t.Seed {
			return fmt.Errorf("trial %d was of cell %s in round %d, not of %s in %d",
				i, made.CellHash, made.Round, t.CellHash, t.Round)
		}
	}
	return nil
}

func sameSystems(before, now []results.System) error {
	if len(before) != len(now) {
		return fmt.Errorf("it had %d systems, not %d", len(before), len(now))
	}
	for i := range now {
		was := before[i]
		was.Observed, was.Programs = nil, nil // only known when a server has run
		if !reflect.DeepEqual(was, now[i]) {
			return fmt.Errorf("the system %s has changed", now[i].Name)
		}
	}
	return nil
}

func sameEnvironment(before, now results.Environment) error {
	for what, values := range map[string][2]any{
		"kernel":     {before.Kernel, now.Kernel},
		"processor":  {before.CPUModel, now.CPUModel},
		"source":     {before.GitCommit, now.GitCommit},
		"BPF object": {before.BPFObjects, now.BPFObjects},
		"Go version": {before.GoVersion, now.GoVersion},
	} {
		if fmt.Sprint(values[0]) != fmt.Sprint(values[1]) { // an empty map is read back as none
			return fmt.Errorf("the %s was %v and is %v", what, values[0], values[1])
		}
	}
	return nil
}
