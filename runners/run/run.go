package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"bpfdb/results"
	"bpfdb/runners/host"
	"bpfdb/runners/plan"
	"bpfdb/runners/quiet"
	"bpfdb/runners/system"
)

var (
	// ErrNothingMeasured means that there is not a single good trial.
	ErrNothingMeasured = errors.New("nothing was measured")
	// ErrWrongValues means that a server returned values nobody wrote, or lost keys.
	ErrWrongValues = errors.New("wrong values read")
	// ErrInvariant means that transactions left data that no serial execution leaves.
	ErrInvariant = errors.New("invariant broken")
	// ErrLoadsDiffer means that the systems of a round did not get the same operations.
	ErrLoadsDiffer = errors.New("systems got different loads")
	// ErrExists means that the results directory already holds a run.
	ErrExists = errors.New("a run is there already")
)

// Observer is told how the run goes. Its methods are called one at a time.
type Observer interface {
	// Begin is called once, when it is known what will run.
	Begin(trials []plan.Trial)
	// Starting is called before each trial, Done after it.
	Starting(t plan.Trial)
	Done(t results.Trial)
	// Looked is called in place of Done after an instrumented trial.
	Looked(t results.InstrumentedTrial)
}

// Run carries out the plan and leaves the results in the directory out, which is made.
// The run is returned, and on disk, also together with an error; when the context ends,
// that error is the context's and the run holds the trials completed until then.
func Run(ctx context.Context, p plan.Plan, out string, observer Observer) (*results.Run, error) {
	if _, err := os.Stat(filepath.Join(out, results.RunFile)); err == nil {
		return nil, fmt.Errorf("%s: %w", out, ErrExists)
	}
	installations, systems, err := find(ctx, p.Systems)
	if err != nil {
		return nil, err
	}
	trials := installed(p.Trials, installations)
	w := work{trials, installed(p.Instrumented, installations), p.Twin, installations}
	return proceed(ctx, &results.Run{
		SchemaVersion: results.SchemaVersion,
		Profile:       p.Profile,
		Started:       time.Now().UTC(),
		Seed:          p.Seed,
		Environment:   environment(ctx),
		Experiments:   p.Experiments,
		Systems:       systems,
		PlannedTrials: len(trials),
		Trials:        []results.Trial{},
	}, w, out, observer)
}

// installed are the trials that can be made here.
func installed(planned []plan.Trial, installations map[string]system.Installation) (trials []plan.Trial) {
	for _, t := range planned {
		if _, found := installations[t.Cell.System]; found {
			trials = append(trials, t)
		}
	}
	return trials
}

// work is what a run has to do on this machine.
type work struct {
	trials, instrumented []plan.Trial
	twin                 string
	installations        map[string]system.Installation
}

// proceed makes the trials that the run does not hold yet.
func proceed(ctx context.Context, r *results.Run, w work, out string, observer Observer) (*results.Run, error) {
	done, looked := len(r.Trials), len(r.Instrumented)
	observer.Begin(slices.Concat(w.trials[done:], w.instrumented[looked:]))
	if err := write(out, r); err != nil {
		return nil, err
	}
	verdict := newVerdict()
	for i := range r.Trials {
		verdict.recall(&r.Trials[i])
	}
	tries := attempts{w.installations, out, map[string]*inspection{}, map[string]int{}}
	for _, t := range w.trials[done:] {
		observer.Starting(t)
		trial, err := tries.make(ctx, t)
		if ctx.Err() != nil {
			return r, ctx.Err() // half a trial is none
		}
		verdict.judge(&trial, err)
		r.Trials = append(r.Trials, trial)
		tries.describe(r)
		if err := write(out, r); err != nil {
			return r, err
		}
		observer.Done(trial)
	}
	if err := lookInside(ctx, r, w.instrumented[looked:], tries, verdict, observer); err != nil {
		return r, err
	}
	r.Finished = time.Now().UTC()
	r.NoiseFloor = results.Noise(r, w.twin)
	if err := write(out, r); err != nil {
		return r, err
	}
	return r, verdict.err()
}

// lookInside makes the instrumented trials, when all that is measured has been.
func lookInside(
	ctx context.Context, r *results.Run, trials []plan.Trial, tries attempts, verdict *verdict, observer Observer,
) error {
	for _, t := range trials {
		observer.Starting(t)
		trial, err := tries.look(ctx, t)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		verdict.overlook(&trial, err)
		r.Instrumented = append(r.Instrumented, trial)
		if err := write(tries.out, r); err != nil {
			return err
		}
		observer.Looked(trial)
	}
	return nil
}

// write leaves the run as it is now, and the table of its systems, on disk.
func write(out string, r *results.Run) error {
	if err := results.WriteRun(out, r); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, results.ParityFile), []byte(results.Parity(r)), 0o644)
}

// find looks for every system; the absent ones are described as not installed.
func find(ctx context.Context, definitions []system.Definition) (
	map[string]system.Installation, []results.System, error) {
	installations := map[string]system.Installation{}
	var described []results.System
	for _, d := range definitions {
		description := results.System{Name: d.Name, Settings: d.Settings}
		in, err := d.Find(ctx)
		switch {
		case err == nil:
			installations[d.Name] = in
			description.Version, description.BinarySHA256 = in.VersionFound, in.SHA256
			if description.Remote = d.Remote; d.Remote == "" {
				description.Command = append([]string{in.Shown()}, d.Arguments...)
			}
		case errors.Is(err, system.ErrNotInstalled):
			description.NotInstalled = reason(err)
		default:
			return nil, nil, err
		}
		described = append(described, description)
	}
	return installations, described, nil
}

func environment(ctx context.Context) results.Environment {
	e := host.ReadEnvironment(os.DirFS("/"))
	host.ReadSource(ctx, ".", &e)
	e.HarnessFlags = os.Args[1:]
	for _, f := range quiet.Check(os.DirFS("/")) {
		e.Noise = append(e.Noise, f.Text)
	}
	e.Offloads = map[string]map[string]bool{"lo": host.ReadOffloads("lo")}
	return e
}

// reason is why a system was not found, without what the results say anyway.
func reason(notInstalled error) string {
	_, why, _ := strings.Cut(notInstalled.Error(), system.ErrNotInstalled.Error()+": ")
	return why
}
