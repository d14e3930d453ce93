package export

import (
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"gopkg.in/yaml.v3"
)

// OtavaConfig is the name of the configuration that lists the series for Otava.
const OtavaConfig = "otava.yaml"

// attributes are the columns of a series that are text and stand by its points.
var attributes = []string{"commit", "kernel", "version", "trials"}

// otavaTest is a test of type csv as Otava's configuration has it (docs/CSV.md there).
type otavaTest struct {
	Type       string                 `yaml:"type"`
	File       string                 `yaml:"file"`
	TimeColumn string                 `yaml:"time_column"`
	Attributes []string               `yaml:"attributes"`
	Metrics    map[string]otavaMetric `yaml:"metrics"`
}

type otavaMetric struct {
	Direction int `yaml:"direction"`
}

// Otava writes each series to a CSV file in the directory, which is made, and OtavaConfig, so that
// `otava analyze` there finds change points. Every series has a file of its own, as Otava takes no
// empty values. It returns the paths.
func Otava(dir string, series []Series) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("export history: %w", err)
	}
	metrics := map[string]otavaMetric{}
	for _, m := range HistoryMetrics {
		metrics[m.Name] = otavaMetric{m.Direction}
	}
	tests := map[string]otavaTest{}
	var paths []string
	for _, s := range series {
		name := s.Name + ".csv"
		path := filepath.Join(dir, name)
		if err := create(path, func(w io.Writer) error { return writeSeries(w, s) }); err != nil {
			return paths, err
		}
		paths = append(paths, path)
		tests[s.Name] = otavaTest{"csv", name, "time", attributes, metrics}
	}
	path := filepath.Join(dir, OtavaConfig)
	err := create(path, func(w io.Writer) error {
		return yaml.NewEncoder(w).Encode(map[string]any{"tests": tests})
	})
	return append(paths, path), err
}

// writeSeries writes a header and a line for each point.
func writeSeries(w io.Writer, s Series) error {
	table := csv.NewWriter(w)
	header := append([]string{"time"}, attributes...)
	for _, m := range HistoryMetrics {
		header = append(header, m.Name)
	}
	if err := table.Write(header); err != nil {
		return err
	}
	for _, p := range s.Points {
		line := []string{p.Time.Format(time.RFC3339), p.Commit, p.Kernel, p.Version, strconv.Itoa(p.Trials)}
		for _, value := range p.Values {
			line = append(line, strconv.FormatFloat(value, 'f', -1, 64))
		}
		if err := table.Write(line); err != nil {
			return err
		}
	}
	table.Flush()
	return table.Error()
}

func create(path string, write func(io.Writer) error) error {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("export history: %w", err)
	}
	err = write(file)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("export history: %s: %w", path, err)
	}
	return nil
}
