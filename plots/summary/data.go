package summary

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"bpfdb/results"
)

var (
	// ErrRun means that a run lacks what every run must hold.
	ErrRun = errors.New("unusable run")
	// ErrNothing means that a directory holds neither run.json nor engine.json.
	ErrNothing = errors.New("no results")
	// ErrMixed means that runs from different machines or kernels were given together.
	ErrMixed = errors.New("runs cannot be compared")
)

// Data is everything figures and tables are made from.
type Data struct {
	Runs    []*results.Run
	Engines []*results.EngineRun
	Panels  []*Panel // by experiment, value size, pipeline, ...
	// RunDirs is where each of Runs lies, with the files it names; empty where they were not read.
	RunDirs []string
}

// Load reads run.json and engine.json from every directory; each must hold one of them.
func Load(dirs []string) (*Data, error) {
	var runs []*results.Run
	var runDirs []string
	var engines []*results.EngineRun
	for _, dir := range dirs {
		run, err := results.ReadRun(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		engine, engineErr := results.ReadEngineRun(dir)
		if engineErr != nil && !errors.Is(engineErr, fs.ErrNotExist) {
			return nil, engineErr
		}
		if err != nil && engineErr != nil {
			return nil, fmt.Errorf("%w in %s: neither run.json nor %s is there",
				ErrNothing, dir, results.EngineFile)
		}
		if err == nil {
			runs, runDirs = append(runs, run), append(runDirs, dir)
		}
		if engineErr == nil {
			engines = append(engines, engine)
		}
	}
	d, err := New(runs, engines)
	if err != nil {
		return nil, err
	}
	d.RunDirs = runDirs
	return d, nil
}

// New groups the trials of runs into panels. Runs of one kind that differ in kernel,
// processor or commit are refused.
func New(runs []*results.Run, engines []*results.EngineRun) (*Data, error) {
	d := &Data{Runs: runs, Engines: engines}
	var served, alone []results.Environment
	for _, run := range runs {
		served = append(served, run.Environment)
	}
	for _, engine := range engines {
		alone = append(alone, engine.Environment)
	}
	if err := errors.Join(checkComparable(served), checkComparable(alone)); err != nil {
		return nil, err
	}
	panels := map[Setting]*Panel{}
	for i, run := range runs {
		for t := range run.Trials {
			trial := &run.Trials[t]
			if err := checkTrial(trial); err != nil {
				return nil, err
			}
			setting := settingOf(trial.Cell)
			if panels[setting] == nil {
				panels[setting] = newPanel(setting, runs[0].Seed)
				d.Panels = append(d.Panels, panels[setting])
			}
			panels[setting].add(i, trial)
		}
	}
	systems := mergeSystems(runs)
	for _, panel := range d.Panels {
		panel.finish(systems)
	}
	slices.SortFunc(d.Panels, func(a, b *Panel) int { return compareSettings(a.Setting, b.Setting) })
	return d, nil
}

// checkComparable refuses environments whose measurements must not stand in one interval.
func checkComparable(environments []results.Environment) error {
	for _, other := range environments {
		first := environments[0]
		if other.Kernel != first.Kernel || other.CPUModel != first.CPUModel ||
			other.CPUs != first.CPUs || other.GitCommit != first.GitCommit {
			return fmt.Errorf("%w: %s against %s", ErrMixed, Machine(first), Machine(other))
		}
	}
	return nil
}

// Systems lists every system of the runs once, ours first.
func (d *Data) Systems() []results.System { return mergeSystems(d.Runs) }

// Experiments lists the experiments of the runs, once each, in the panels' order.
func (d *Data) Experiments() []string {
	var names []string
	for _, panel := range d.Panels {
		if !slices.Contains(names, panel.Setting.Experiment) {
			names = append(names, panel.Setting.Experiment)
		}
	}
	return names
}

// Experiment lists the panels of one experiment.
func (d *Data) Experiment(name string) []*Panel {
	return slices.DeleteFunc(slices.Clone(d.Panels), func(p *Panel) bool {
		return p.Setting.Experiment != name
	})
}

// Duration is how long the served runs took together.
func (d *Data) Duration() time.Duration {
	var total time.Duration
	for _, run := range d.Runs {
		total += Elapsed(run)
	}
	return total
}

// ExperimentDuration is how long the trials of one experiment took with all that belongs to
// them: from the start of each to the start of the next in its run.
func (d *Data) ExperimentDuration(name string) time.Duration {
	var total time.Duration
	for _, run := range d.Runs {
		end := run.Started.Add(Elapsed(run))
		for i := len(run.Trials) - 1; i >= 0; i-- {
			if t := run.Trials[i]; t.Cell.Experiment == name {
				total += max(end.Sub(t.Started), 0)
			}
			end = run.Trials[i].Started
		}
	}
	return total
}

// Elapsed is how long a run took; of one that was interrupted, until its last trial ended.
func Elapsed(run *results.Run) time.Duration {
	end := run.Finished
	if end.IsZero() {
		end = run.Started
		for _, t := range run.Trials {
			if trialEnd := t.Started.Add(time.Duration(t.DurationNS)); trialEnd.After(end) {
				end = trialEnd
			}
		}
	}
	return end.Sub(run.Started)
}
