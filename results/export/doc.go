// Package export writes a run in the formats that other tools read: newline-delimited
// JSON, one trial a line; CSV, one line per trial and kind of operation; and the Go
// benchmark format, which benchstat compares. All hold every trial, failed ones included
// where the format has room for the reason.
package export

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"bpfdb/results"
)

// Format is one way to write a run.
type Format struct {
	Name  string // as a flag has it
	File  string // what it is called beside run.json
	Write func(io.Writer, *results.Run) error
}

// Formats are all there are.
var Formats = []Format{
	{"ndjson", "trials.ndjson", NDJSON},
	{"csv", "trials.csv", CSV},
	{"bench", "bench.txt", Bench},
}

// NDJSON writes one TrialLine a line.
func NDJSON(w io.Writer, run *results.Run) error {
	encoder := json.NewEncoder(w)
	for _, line := range results.Lines(run) {
		if err := encoder.Encode(line); err != nil {
			return fmt.Errorf("export ndjson: %w", err)
		}
	}
	return nil
}

// Files writes the run in each format into dir and returns the paths.
func Files(dir string, run *results.Run, formats []Format) ([]string, error) {
	var paths []string
	for _, format := range formats {
		path := filepath.Join(dir, format.File)
		file, err := os.Create(path)
		if err != nil {
			return nil, fmt.Errorf("export: %w", err)
		}
		err = format.Write(file, run)
		if closeErr := file.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			return nil, fmt.Errorf("export %s: %w", path, err)
		}
		paths = append(paths, path)
	}
	return paths, nil
}
