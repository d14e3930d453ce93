package results

import "time"

// TrialLine is one trial with what is needed to understand it apart from its run: one
// line of trials.ndjson.
type TrialLine struct {
	SchemaVersion int       `json:"schema_version"`
	RunStarted    time.Time `json:"run_started"`
	Profile       string    `json:"profile"`
	GitCommit     string    `json:"git_commit"`
	GitDirty      bool      `json:"git_dirty"`
	Kernel        string    `json:"kernel"`
	CPUModel      string    `json:"cpu_model"`
	CPUs          int       `json:"cpus"`
	SystemVersion string    `json:"system_version,omitempty"`
	Trial
}

// Lines gives every trial of a run a line of its own, in the order they ran.
func Lines(run *Run) []TrialLine {
	versions := map[string]string{}
	for _, s := range run.Systems {
		versions[s.Name] = s.Version
	}
	lines := make([]TrialLine, 0, len(run.Trials))
	for _, t := range run.Trials {
		lines = append(lines, TrialLine{
			SchemaVersion: run.SchemaVersion, RunStarted: run.Started, Profile: run.Profile,
			GitCommit: run.Environment.GitCommit, GitDirty: run.Environment.GitDirty,
			Kernel: run.Environment.Kernel, CPUModel: run.Environment.CPUModel, CPUs: run.Environment.CPUs,
			SystemVersion: versions[t.Cell.System], Trial: t,
		})
	}
	return lines
}
