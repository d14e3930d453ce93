package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"bpfdb/plots/plottest"
	"bpfdb/plots/tables"
	"bpfdb/results"
)

// runDir writes an invented run, with its engine part if asked, and returns its directory.
func runDir(t *testing.T, withEngine bool) string {
	t.Helper()
	dir := t.TempDir()
	if err := results.WriteRun(dir, plottest.Run(3)); err != nil {
		t.Fatal(err)
	}
	if withEngine {
		if err := results.WriteEngineRun(dir, plottest.EngineRun()); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// markers writes a file holding an empty pair of markers per name.
func markers(t *testing.T, names ...string) string {
	t.Helper()
	var text strings.Builder
	for _, name := range names {
		text.WriteString("before\n<!-- results:" + name + " -->\n<!-- /results:" + name + " -->\nafter\n")
	}
	path := filepath.Join(t.TempDir(), "DOC.md")
	if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// execute runs a command as the shell would, without the help it prints on an error.
func execute(command *cobra.Command, arguments ...string) (string, error) {
	var out bytes.Buffer
	command.SetOut(&out)
	command.SetErr(&out)
	command.SetArgs(arguments)
	command.SilenceUsage, command.SilenceErrors = true, true
	err := command.Execute()
	return out.String(), err
}

func TestReportFillsThenChecks(t *testing.T) {
	dir := runDir(t, true)
	paper := markers(t, "claims", "ycsb", "engine", "goals")
	readme := markers(t, "summary")
	arguments := []string{dir, "--paper", paper, "--readme", readme}

	_, err := execute(newReportCommand(), append(arguments, "--check")...)
	if !errors.Is(err, tables.ErrStale) || !strings.Contains(err.Error(), "results:ycsb") ||
		!strings.Contains(err.Error(), "results:summary") {
		t.Fatalf("check of empty documents: got %v, want both documents' markers named stale", err)
	}
	if _, err := execute(newReportCommand(), arguments...); err != nil {
		t.Fatal(err)
	}
	if _, err := execute(newReportCommand(), append(arguments, "--check")...); err != nil {
		t.Errorf("check after a fill: %v", err)
	}

	text, err := os.ReadFile(paper)
	if err != nil {
		t.Fatal(err)
	}
	touched := strings.Replace(string(text), "| ycsb-b | redis |", "| ycsb-b | Redis |", 1)
	if touched == string(text) {
		t.Fatalf("no row for redis, ycsb-b in:\n%s", text)
	}
	if err := os.WriteFile(paper, []byte(touched), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = execute(newReportCommand(), dir, "--paper", paper, "--check")
	if !errors.Is(err, tables.ErrStale) || !strings.HasSuffix(err.Error(), "at results:ycsb") {
		t.Errorf("check after an edit: got %v, want results:ycsb alone named stale", err)
	}
}

func TestReportLeavesDocumentsAloneOnError(t *testing.T) {
	dir := runDir(t, false)
	paper := markers(t, "claims", "ycsb", "engine")
	before, err := os.ReadFile(paper)
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct{ readme, want string }{
		"missing marker": {markers(t, "claims"), "no pair <!-- results:summary -->"},
		"unknown marker": {markers(t, "summary", "tpcc"), ":6: marker results:tpcc: bad marker"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := execute(newReportCommand(), dir, "--paper", paper, "--readme", c.readme)
			if !errors.Is(err, tables.ErrMarker) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
			if after, _ := os.ReadFile(paper); !bytes.Equal(before, after) {
				t.Error("the paper was rewritten although the README could not be")
			}
		})
	}
}

func TestReportPrintsTheSummaryWithoutDocuments(t *testing.T) {
	out, err := execute(newReportCommand(), runDir(t, false))
	if err != nil || !strings.Contains(out, "| bpfdb-sockmap |") {
		t.Errorf("got %q, %v, want the summary", out, err)
	}
	if _, err := execute(newReportCommand(), runDir(t, false), "--check"); err == nil {
		t.Error("--check without a document: no error")
	}
}

// The repository's own documents must take the tables of a run of its own experiments.
func TestRepositoryDocumentsCanBeFilled(t *testing.T) {
	specs, err := filepath.Glob("../../experiments/*.yaml")
	if err != nil || len(specs) == 0 {
		t.Fatalf("no experiments: %v", err)
	}
	run := plottest.Run(1)
	trials := run.Trials
	run.Trials = nil
	for _, spec := range specs {
		for _, trial := range trials {
			trial.Cell.Experiment = strings.TrimSuffix(filepath.Base(spec), ".yaml")
			run.Trials = append(run.Trials, trial)
		}
	}
	dir := t.TempDir()
	if err := results.WriteRun(dir, run); err != nil {
		t.Fatal(err)
	}
	arguments := []string{dir}
	for flag, name := range map[string]string{"--paper": "PAPER.md", "--readme": "README.md"} {
		text, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		copied := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(copied, text, 0o644); err != nil {
			t.Fatal(err)
		}
		arguments = append(arguments, flag, copied)
	}
	if out, err := execute(newReportCommand(), arguments...); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestReportHTML(t *testing.T) {
	dir := runDir(t, true)
	path := filepath.Join(t.TempDir(), "report.html")
	code, stdout, stderr := invoke(t, "report", dir, "--html", path)
	if code != 0 || strings.TrimSpace(stdout) != path {
		t.Fatalf("exit code %d, %q, %s", code, stdout, stderr)
	}
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), "</html>") || strings.Count(string(text), "<svg") < 12 {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	if code, _, _ := invoke(t, "report", dir, "--html", filepath.Join(dir, "absent", "x.html")); code != exitFailure {
		t.Errorf("where the file cannot be made: exit code %d, want %d", code, exitFailure)
	}
}

func TestExport(t *testing.T) {
	dir := runDir(t, false)
	code, stdout, stderr := invoke(t, "export", dir, "--format", "csv,bench")
	if code != 0 || strings.Count(stdout, "\n") != 2 {
		t.Errorf("exit code %d, %q, %s", code, stdout, stderr)
	}
	if code, _, _ := invoke(t, "export", dir, "--format", "xml"); code != exitUsage {
		t.Errorf("an unknown format: exit code %d, want %d", code, exitUsage)
	}
}
