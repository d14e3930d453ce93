package export_test

import (
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"bpfdb/plots/plottest"
	"bpfdb/results"
	"bpfdb/results/export"
)

// older is a run like the other, of the day before, and half as fast.
func older() *results.Run {
	r := plottest.Run(1)
	r.Started = r.Started.Add(-24 * time.Hour)
	r.Environment.GitCommit, r.Environment.GitDirty = "fedc", false
	for i := range r.Trials {
		r.Trials[i].ThroughputOps /= 2
	}
	return r
}

func TestHistory(t *testing.T) {
	newer, before := plottest.Run(1), older()
	before.Trials[0].Failure = "died" // of this cell the newer run alone is left
	gone := before.Trials[0].Cell
	series, err := export.History([]*results.Run{newer, before})
	if err != nil || len(series) != len(newer.Trials) {
		t.Fatalf("%d series of %d cells, %v", len(series), len(newer.Trials), err)
	}
	names := map[string]bool{}
	for _, s := range series {
		names[s.Name] = true
		last := s.Points[len(s.Points)-1]
		if last.Commit != "0123456789abcdef-dirty" || last.Trials != 1 ||
			len(last.Values) != len(export.HistoryMetrics) {
			t.Errorf("%s ends with %+v", s.Name, last)
		}
		if len(s.Points) == 1 {
			continue
		}
		first := s.Points[0]
		if first.Commit != "fedc" || !first.Time.Before(last.Time) || first.Values[0]*2 != last.Values[0] {
			t.Errorf("%s: %+v, then %+v", s.Name, first, last)
		}
	}
	alone := 0
	for _, s := range series {
		if len(s.Points) == 1 {
			alone++
		}
	}
	if len(names) != len(series) || alone != 1 {
		t.Errorf("%d names of %d series; %d with one run, want that of %+v", len(names), len(series), alone, gone)
	}
}

func TestHistoryRefuses(t *testing.T) {
	other := older()
	other.Environment.CPUModel = "another"
	failed := older()
	for i := range failed.Trials {
		failed.Trials[i].Failure = "died"
	}
	for name, runs := range map[string][]*results.Run{
		"two machines": {plottest.Run(1), other}, "no good trial": {failed}, "nothing": nil,
	} {
		if _, err := export.History(runs); !errors.Is(err, export.ErrHistory) {
			t.Errorf("%s: %v, want ErrHistory", name, err)
		}
	}
}

// What is written is what Otava asks for: each test's file is there, with a time, the attributes
// and a number for each metric in every line.
func TestOtava(t *testing.T) {
	series, err := export.History([]*results.Run{plottest.Run(1), older()})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "history")
	paths, err := export.Otava(dir, series)
	if err != nil || len(paths) != len(series)+1 {
		t.Fatalf("%d files, %v", len(paths), err)
	}
	text, err := os.ReadFile(filepath.Join(dir, export.OtavaConfig))
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Tests map[string]struct {
			Type, File string
			TimeColumn string `yaml:"time_column"`
			Attributes []string
			Metrics    map[string]struct{ Direction int }
		}
	}
	if err := yaml.Unmarshal(text, &config); err != nil || len(config.Tests) != len(series) {
		t.Fatalf("%d tests, %v", len(config.Tests), err)
	}
	for name, test := range config.Tests {
		file, err := os.Open(filepath.Join(dir, test.File))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		lines, err := csv.NewReader(file).ReadAll()
		if err != nil || len(lines) != 3 || test.Type != "csv" {
			t.Fatalf("%s: %d lines, %v", name, len(lines), err)
		}
		columns := map[string]string{}
		for i, column := range lines[0] {
			columns[column] = lines[1][i]
		}
		if at, err := time.Parse(time.RFC3339, columns[test.TimeColumn]); err != nil || at.Year() != 2026 {
			t.Errorf("%s: time %q", name, columns[test.TimeColumn])
		}
		if columns["commit"] != "fedc" || len(test.Attributes) != 4 || test.Metrics["throughput_ops"].Direction != 1 ||
			test.Metrics["p99_ns"].Direction != -1 || columns["p99_ns"] == "" {
			t.Errorf("%s: %v, %v", name, columns, test)
		}
	}
}
