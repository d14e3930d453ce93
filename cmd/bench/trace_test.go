package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bpfdb/runners/system/systemtest"
)

// A trace that was made is the one that an experiment with the same parameters replays, and
// what show says of it can be made good by hand.
func TestTraceMakeAndShow(t *testing.T) {
	code, made, stderr := invoke(t, "trace", "make", "--requests", "3000", "--keys", "100", "--rate-ops", "1000")
	if code != 0 || strings.Count(made, "\n") != 3000 {
		t.Fatalf("exit %d, %d lines, %s", code, strings.Count(made, "\n"), stderr)
	}
	file := filepath.Join(t.TempDir(), "made.csv")
	if err := os.WriteFile(file, []byte(made), 0o600); err != nil {
		t.Fatal(err)
	}
	code, shown, stderr := invoke(t, "trace", "show", file)
	for _, want := range []string{"3000 lines over 2.999s, SHA-256 ", "99 keys, of which ", "there is no such command",
		"cas ", "SET XX", " 0 lines out of order"} {
		if code != 0 || !strings.Contains(shown, want) {
			t.Errorf("exit %d, %s%s\nwant %s", code, stderr, shown, want)
		}
	}
	if _, shown, _ := invoke(t, "trace", "show", file, "--requests", "7"); !strings.HasPrefix(shown, "7 lines over") {
		t.Errorf("of seven requests: %s", shown)
	}
}

func TestTraceRefuses(t *testing.T) {
	dir := t.TempDir()
	bad, empty := filepath.Join(dir, "bad.csv"), filepath.Join(dir, "empty.csv")
	for file, text := range map[string]string{bad: "1,k,1,2,3,get,0\n1,k,1,2,3,leap,0\n", empty: ""} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		code      int
		arguments []string
		want      string
	}{
		{1, []string{"show", bad}, bad + `:2: not a line of a cache trace: operation "leap" is unknown`},
		{1, []string{"show", empty}, "the trace is too short"},
		{2, []string{"show", filepath.Join(dir, "none")}, "no such file"},
		{2, []string{"show"}, "accepts 1 arg(s), received 0"},
		{2, []string{"make", "--keys", "0"}, "invalid synthetic trace: keys is 0"},
		{2, []string{"make", "--requests", "-1"}, "invalid argument"},
		{2, []string{"fly"}, `unknown command "fly"`},
	} {
		code, stdout, stderr := invoke(t, append([]string{"trace"}, c.arguments...)...)
		if code != c.code || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, c.want) {
			t.Errorf("bench trace %v: exit %d, %q, %q; want %d, %s", c.arguments, code, stdout, stderr, c.code, c.want)
		}
	}
}

// A bad trace ends a run with the line that is bad.
func TestRunNamesTheBadLine(t *testing.T) {
	spec := tiny(t, systemtest.Good)
	dir := filepath.Dir(spec)
	file := filepath.Join(dir, "t.csv")
	if err := os.WriteFile(file, []byte("1,k,1,2,3,get,0\n1,k\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := "name: tiny\ntitle: T\nworkloads: [trace]\ntrace: {file: t.csv}\nconnections: [2]\npipeline: [1]\n" +
		"systems: [" + systemtest.Good + "]\noperations: 9\nrounds: 1\n"
	if err := os.WriteFile(spec, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := invoke(t, "run", spec, "--out", filepath.Join(dir, "out"))
	if code != 1 || !strings.Contains(stderr, file+":2: not a line of a cache trace") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}
