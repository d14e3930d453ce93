package run

import (
	"context"
	"errors"
	"fmt"

	"bpfdb/results"
	"bpfdb/runners/plan"
	"bpfdb/runners/system"
)

// unreadyLimit is how often in a row a system may fail to get ready, each time at the
// cost of its whole timeout, before its other trials are recorded as failed untried.
const unreadyLimit = 3

// attempts makes the trials of a run and remembers which systems do not get ready.
type attempts struct {
	installations map[string]system.Installation
	out           string
	observed      map[string]map[string]string // by system, of its first server that ran
	unready       map[string]int               // failures in a row, by system
}

func (a attempts) make(ctx context.Context, t plan.Trial) (results.Trial, error) {
	name := t.Cell.System
	if a.unready[name] >= unreadyLimit {
		return newTrial(t), fmt.Errorf("not tried: %w %d times in a row", system.ErrNotReady, unreadyLimit)
	}
	var observe func(map[string]string)
	if a.observed[name] == nil {
		observe = func(seen map[string]string) { a.observed[name] = seen }
	}
	trial, err := measure(ctx, t, a.installations[name], a.out, observe)
	if errors.Is(err, system.ErrNotReady) {
		a.unready[name]++
	} else {
		a.unready[name] = 0
	}
	return trial, err
}
