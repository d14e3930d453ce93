package run

import (
	"errors"
	"fmt"
	"strings"

	"bpfdb/results"
)

// meeting is where the systems of an experiment are compared: a cell without its system
// and mode, in one round.
type meeting struct {
	point results.Cell
	round int
}

// verdict gathers over a run what decides whether it may be believed.
type verdict struct {
	trials, good int
	streams      map[meeting]*results.Trial // the first system that got there
	serious      []error                    // what makes the run fail
	lastFailure  string
}

func newVerdict() *verdict { return &verdict{streams: map[meeting]*results.Trial{}} }

// judge marks a trial that err or another system's load makes unusable.
func (v *verdict) judge(trial *results.Trial, err error) {
	v.trials++
	if err == nil {
		err = v.compareLoads(trial)
	}
	if err == nil {
		v.good++
		return
	}
	trial.Failure = err.Error()
	v.lastFailure = trial.Failure
	if isSerious(err) {
		v.serious = append(v.serious, fmt.Errorf("trial %d (%s, %s): %w",
			trial.Order, trial.Cell.System, trial.Cell.Workload, err))
	}
}

// isSerious tells what is wrong with a server or the harness from mere circumstances.
func isSerious(err error) bool {
	return errors.Is(err, ErrWrongValues) || errors.Is(err, ErrLoadsDiffer) || errors.Is(err, ErrInvariant)
}

// overlook marks an instrumented trial that gave nothing to see. It counts neither as good nor as
// bad, but a server that answers wrongly does so in every trial.
func (v *verdict) overlook(trial *results.InstrumentedTrial, err error) {
	if err == nil {
		return
	}
	trial.Failure = err.Error()
	if isSerious(err) {
		v.serious = append(v.serious, fmt.Errorf("instrumented trial %d (%s, %s): %w",
			trial.Order, trial.Cell.System, trial.Cell.Workload, err))
	}
}

// recall takes in a trial that was judged before the run was interrupted. Why it failed is
// known as text only: a serious failure remains one by what that text says.
func (v *verdict) recall(trial *results.Trial) {
	if trial.Failure == "" {
		v.judge(trial, nil)
		return
	}
	failure := errors.New(trial.Failure)
	for _, serious := range []error{ErrWrongValues, ErrLoadsDiffer} {
		if strings.Contains(trial.Failure, serious.Error()) {
			failure = fmt.Errorf("%w (before the interruption)", serious)
		}
	}
	kept := *trial // what the run says of it stays as it is
	v.judge(&kept, failure)
}

func (v *verdict) compareLoads(trial *results.Trial) error {
	at := meeting{trial.Cell, trial.Round}
	at.point.System, at.point.Mode = "", ""
	first, met := v.streams[at]
	if !met {
		kept := *trial
		v.streams[at] = &kept
		return nil
	}
	// The hash covers all that was sent, or the part of it that every system must get.
	if first.OpStreamHash != trial.OpStreamHash {
		return fmt.Errorf("%w: %s got %d operations with hash %s, %s got %d with %s",
			ErrLoadsDiffer, first.Cell.System, first.Ops, first.OpStreamHash,
			trial.Cell.System, trial.Ops, trial.OpStreamHash)
	}
	return nil
}

// err is nil if the run may be believed.
func (v *verdict) err() error {
	switch {
	case len(v.serious) > 0:
		return errors.Join(v.serious...)
	case v.trials == 0:
		return fmt.Errorf("%w: none of the systems is installed", ErrNothingMeasured)
	case v.good == 0:
		return fmt.Errorf("%w: all %d trials failed, the last with: %s",
			ErrNothingMeasured, v.trials, v.lastFailure)
	}
	return nil
}
