package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
)

// RunFile is the name a benchmark run has inside its directory.
const RunFile = "run.json"

var (
	// ErrSchemaVersion means that another version of the harness wrote the file.
	ErrSchemaVersion = errors.New("unknown schema version")
	// ErrRun means that a run holds something that cannot have been measured.
	ErrRun = errors.New("invalid run")
)

// ReadRun reads and validates run.json from a run directory. A directory without one
// gives an error that satisfies errors.Is(err, fs.ErrNotExist).
func ReadRun(dir string) (*Run, error) {
	path := filepath.Join(dir, RunFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read run: %w", err)
	}
	// The version comes first: the rest may only be understood when it is known.
	var version struct {
		SchemaVersion int `json:"schema_version"`
	}
	if err := json.Unmarshal(text, &version); err != nil {
		return nil, fmt.Errorf("read run %s: %w", path, err)
	}
	if version.SchemaVersion != SchemaVersion {
		return nil, fmt.Errorf("read run %s: %w %d, this program reads %d",
			path, ErrSchemaVersion, version.SchemaVersion, SchemaVersion)
	}
	var run Run
	if err := json.Unmarshal(text, &run); err != nil {
		return nil, fmt.Errorf("read run %s: %w", path, err)
	}
	if err := run.Validate(); err != nil {
		return nil, fmt.Errorf("read run %s: %w", path, err)
	}
	return &run, nil
}

// WriteRun validates the run and writes run.json into its directory, making the
// directory if needed. The file is replaced whole or not at all, so a reader and an
// interrupted writer both leave a valid one.
func WriteRun(dir string, run *Run) error {
	if err := run.Validate(); err != nil {
		return fmt.Errorf("write run: %w", err)
	}
	text, err := json.MarshalIndent(run, "", "  ")
	if err != nil {
		return fmt.Errorf("write run: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("write run: %w", err)
	}
	path := filepath.Join(dir, RunFile)
	if err := os.WriteFile(path+".tmp", append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write run: %w", err)
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		return fmt.Errorf("write run: %w", err)
	}
	return nil
}

// Validate reports the first thing in the run that cannot have been measured.
func (r *Run) Validate() error {
	if r.SchemaVersion != SchemaVersion {
		return fmt.Errorf("%w: %w %d, this program writes %d",
			ErrRun, ErrSchemaVersion, r.SchemaVersion, SchemaVersion)
	}
	systems := map[string]bool{}
	for _, s := range r.Systems {
		if s.Name == "" || systems[s.Name] {
			return fmt.Errorf("%w: system name %q is empty or given twice", ErrRun, s.Name)
		}
		systems[s.Name] = true
	}
	for i := range r.Trials {
		t := &r.Trials[i]
		if !systems[t.Cell.System] {
			return fmt.Errorf("%w: trial %d: system %q is not among the systems", ErrRun, i, t.Cell.System)
		}
		if err := t.validate(); err != nil {
			return fmt.Errorf("%w: trial %d: %w", ErrRun, i, err)
		}
	}
	for i := range r.Instrumented {
		t := &r.Instrumented[i]
		if !systems[t.Cell.System] {
			return fmt.Errorf("%w: instrumented trial %d: system %q is not among the systems", ErrRun, i, t.Cell.System)
		}
		if err := t.validate(); err != nil {
			return fmt.Errorf("%w: instrumented trial %d: %w", ErrRun, i, err)
		}
	}
	return nil
}

func (t *Trial) validate() error {
	if t.CellHash == "" || t.Round < 0 || t.Order < 0 {
		return fmt.Errorf("cell_hash %q, round %d, order %d", t.CellHash, t.Round, t.Order)
	}
	if t.Failure != "" {
		return nil // nothing else was promised
	}
	if t.Ops == 0 || t.DurationNS <= 0 || t.OpStreamHash == "" {
		return fmt.Errorf("no failure, yet ops %d, duration_ns %d, op_stream_hash %q",
			t.Ops, t.DurationNS, t.OpStreamHash)
	}
	rate := float64(t.Ops) / (float64(t.DurationNS) / 1e9)
	if !(math.Abs(t.ThroughputOps-rate) <= rate*1e-6) {
		return fmt.Errorf("throughput_ops %v is not ops / duration, %v", t.ThroughputOps, rate)
	}
	if !filepath.IsLocal(t.HistogramLog) {
		return fmt.Errorf("histogram_log %q does not lie in the run directory", t.HistogramLog)
	}
	if t.WindowLog != "" && !filepath.IsLocal(t.WindowLog) {
		return fmt.Errorf("window_log %q does not lie in the run directory", t.WindowLog)
	}
	if all := t.All(); all == nil || all.Count == 0 {
		return errors.New(`latency has no counts for "all"`)
	}
	return nil
}
