package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// EngineSchemaVersion is written to every engine.json; it grows when a field changes meaning.
const EngineSchemaVersion = 1

// EngineFile is the name an engine microbenchmark has inside a run directory.
const EngineFile = "engine.json"

// EngineOps are the operations an engine microbenchmark measures.
var EngineOps = []string{"get", "set", "get16", "set16", "txn_get4", "txn_set4", "txn_rmw4"}

// ErrEngineRun means that an engine.json holds something no microbenchmark can have measured.
var ErrEngineRun = errors.New("invalid engine run")

// EngineRun is one invocation of `bpfdb bench-engine`: the engine alone, driven inside
// the kernel, with no network and no server in the way.
type EngineRun struct {
	SchemaVersion int         `json:"schema_version"`
	Started       time.Time   `json:"started"`
	Finished      time.Time   `json:"finished,omitzero"`
	Command       []string    `json:"command,omitempty"` // as typed, program name first
	Environment   Environment `json:"environment"`
	// Points may hold the same (op, cpus, keys, value) more than once: repeats are trials.
	Points []EnginePoint `json:"points"`
}

// EnginePoint is one measured operation at one table size.
type EnginePoint struct {
	// Op is get, or set: a commit that writes one key. get16 and set16 are the same for keys
	// that arrive 16 at a time, as in a pipeline, so that their memory is fetched together.
	// txn_get4, txn_set4 and txn_rmw4 are transactions of four keys that are read, written,
	// or both: one operation is one transaction.
	Op         string `json:"op"`
	CPUs       int    `json:"cpus"` // processors running operations at the same time
	Keys       uint64 `json:"keys"` // keys in the table while it ran
	ValueBytes int    `json:"value_bytes"`
	// RateOps is operations per second over all processors together.
	RateOps float64 `json:"rate_ops"`
	// NSPerOp is the time one processor spends on one operation.
	NSPerOp float64 `json:"ns_per_op"`
	// OverheadBytesPerKey is the engine memory in use less key and value bytes, per key.
	OverheadBytesPerKey float64 `json:"overhead_bytes_per_key"`
}

// Validate reports the first point, by position, that cannot have been measured.
func (r *EngineRun) Validate() error {
	if r.SchemaVersion != EngineSchemaVersion {
		return fmt.Errorf("%w: schema version %d, this program reads %d",
			ErrEngineRun, r.SchemaVersion, EngineSchemaVersion)
	}
	for i, p := range r.Points {
		if !slices.Contains(EngineOps, p.Op) {
			return fmt.Errorf("%w: point %d: op %q is none of %v", ErrEngineRun, i, p.Op, EngineOps)
		}
		if p.CPUs < 1 || p.Keys < 1 || p.ValueBytes < 1 || !(p.RateOps > 0) || !(p.NSPerOp > 0) {
			return fmt.Errorf("%w: point %d: cpus, keys, value_bytes, rate_ops and ns_per_op "+
				"must be above zero: %+v", ErrEngineRun, i, p)
		}
	}
	return nil
}

// ReadEngineRun reads engine.json from a run directory. A directory without one gives an
// error that satisfies errors.Is(err, fs.ErrNotExist).
func ReadEngineRun(dir string) (*EngineRun, error) {
	path := filepath.Join(dir, EngineFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read engine run: %w", err)
	}
	var run EngineRun
	if err := json.Unmarshal(text, &run); err != nil {
		return nil, fmt.Errorf("read engine run %s: %w", path, err)
	}
	if err := run.Validate(); err != nil {
		return nil, fmt.Errorf("read engine run %s: %w", path, err)
	}
	return &run, nil
}

// WriteEngineRun writes engine.json into a run directory, making the directory if needed.
// The file appears whole or not at all.
func WriteEngineRun(dir string, run *EngineRun) error {
	if err := run.Validate(); err != nil {
		return fmt.Errorf("write engine run: %w", err)
	}
	text, err := json.MarshalIndent(run, "", "  ")
	if err != nil {
		return fmt.Errorf("write engine run: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("write engine run: %w", err)
	}
	path := filepath.Join(dir, EngineFile)
	if err := os.WriteFile(path+".tmp", append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write engine run: %w", err)
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		return fmt.Errorf("write engine run: %w", err)
	}
	return nil
}
