package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// referenceRun is the run that PAPER.md and README.md show, where it is committed.
const referenceRun = "../../results/reference"

// provenance is the line under a table of served experiments.
var provenance = regexp.MustCompile("(?m)^Measured .*`bench run .*`\\.$")

// The numbers in the documents are those of the committed run: a number edited by hand, a
// run replaced without its documents, or a table written differently since fails here.
// Without a committed run the tables must at least all be of one and the same run.
func TestDocumentsShowTheReferenceRun(t *testing.T) {
	const paper, readme = "../../PAPER.md", "../../README.md"
	_, err := os.Stat(filepath.Join(referenceRun, "run.json"))
	if err == nil {
		if code, _, stderr := invoke(t, "report", referenceRun, "--paper", paper, "--readme", readme,
			"--check"); code != 0 {
			t.Errorf("exit code %d: %s", code, stderr)
		}
		return
	}
	if !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	lines := map[string]bool{}
	for _, document := range []string{paper, readme} {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range provenance.FindAllString(string(text), -1) {
			lines[line] = true
		}
	}
	if len(lines) != 1 {
		t.Errorf("the documents show %d runs, want one: %v", len(lines), lines)
	}
}
