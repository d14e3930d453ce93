package run

import (
	"context"
	"errors"
	"fmt"
	"os"

	"bpfdb/results"
	"bpfdb/runners/perf"
	"bpfdb/runners/plan"
	"bpfdb/runners/system"
)

// instrument looks into one trial.
type instrument interface {
	// begin is called just before the measured phase, end just after it, unless the load failed.
	begin(server *system.Server) error
	end() error
	// report puts what was seen into a trial that went well, and files into the results directory out.
	report(ctx context.Context, trial *results.InstrumentedTrial, out string) error
	// close is called in the end, whatever was called before: nothing is left behind.
	close() error
}

// newInstrument prepares the instrument of a trial. One that is not on this machine is
// perf.ErrNotInstalled.
func newInstrument(ctx context.Context, t plan.Trial) (instrument, error) {
	switch t.Instrument {
	case results.InstrumentPerf:
		return newProfiler(ctx, t)
	case results.InstrumentBPF:
		return &programClock{}, nil
	}
	return nil, fmt.Errorf("%q is no instrument", t.Instrument)
}

// look makes an instrumented trial. As far as its server is concerned it is like any other, and
// what the server does wrong is an error; but of its figures only few are kept.
func (a attempts) look(ctx context.Context, t plan.Trial) (_ results.InstrumentedTrial, failure error) {
	trial := results.InstrumentedTrial{Instrument: t.Instrument, Cell: t.Cell, CellHash: t.CellHash, Order: t.Order,
		Seed: t.Seed}
	if a.unready[t.Cell.System] >= unreadyLimit {
		return trial, fmt.Errorf("not tried: %w %d times in a row", system.ErrNotReady, unreadyLimit)
	}
	with, err := newInstrument(ctx, t)
	if errors.Is(err, perf.ErrNotInstalled) {
		trial.NotInstalled = err.Error()
		return trial, nil
	}
	if err != nil {
		return trial, err
	}
	defer func() { failure = errors.Join(failure, with.close()) }()
	// The histograms of what is not measured must not be found among those of what is.
	scratch, err := os.MkdirTemp("", "bench-"+t.Instrument+"-")
	if err != nil {
		return trial, err
	}
	defer func() { failure = errors.Join(failure, os.RemoveAll(scratch)) }()
	seen, err := measure(ctx, t, a.installations[t.Cell.System], scratch, nil, with)
	trial.Started, trial.Ops, trial.DurationNS, trial.CPU = seen.Started, seen.Ops, seen.DurationNS, seen.CPU
	if err != nil {
		return trial, err
	}
	return trial, with.report(ctx, &trial, a.out)
}

// instrumentFile names a file of a trial in the results directory, as trials name theirs.
func instrumentFile(t *results.InstrumentedTrial, suffix string) string {
	return fmt.Sprintf("profiles/%05d-%s-%s%s", t.Order, t.Cell.System, t.CellHash, suffix)
}
