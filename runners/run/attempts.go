package run

import (
	"context"
	"errors"
	"fmt"

	"bpfdb/results"
	"bpfdb/runners/plan"
	"bpfdb/runners/spec"
	"bpfdb/runners/system"
)

// unreadyLimit is how often in a row a system may fail to get ready, each time at the
// cost of its whole timeout, before its other trials are recorded as failed untried.
const unreadyLimit = 3

// attempts makes the trials of a run and remembers which systems do not get ready.
type attempts struct {
	installations map[string]system.Installation
	out           string
	seen          map[string]*inspection // by system, of its first server that ran
	unready       map[string]int         // failures in a row, by system
}

func (a attempts) make(ctx context.Context, t plan.Trial) (results.Trial, error) {
	name := t.Cell.System
	if a.unready[name] >= unreadyLimit {
		return newTrial(t), fmt.Errorf("not tried: %w %d times in a row", system.ErrNotReady, unreadyLimit)
	}
	var look *inspection
	if a.seen[name] == nil {
		look = &inspection{}
	}
	trial, err := measure(ctx, t, a.installations[name], a.out, look, nil)
	if look != nil && look.settings != nil {
		a.seen[name] = look
	}
	if errors.Is(err, system.ErrNotReady) {
		a.unready[name]++
	} else {
		a.unready[name] = 0
	}
	return trial, err
}

// inspection is what the first running server of a system, and the way to it, turn out to be.
type inspection struct {
	settings map[string]string
	programs []results.BPFProgram
	device   string // the veth interface that leads to it
	offloads map[string]bool
}

// describe notes in the run what the servers so far have shown.
func (a attempts) describe(r *results.Run) {
	for i := range r.Systems {
		s := &r.Systems[i]
		look := a.seen[s.Name]
		if look == nil {
			continue
		}
		s.Observed, s.Programs = look.settings, look.programs
		if look.device != "" {
			r.Environment.Offloads[spec.Veth] = look.offloads
		}
	}
}
