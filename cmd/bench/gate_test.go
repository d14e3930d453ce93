package main

import (
	"path/filepath"
	"strings"
	"testing"

	"bpfdb/runners/gate"
)

// Whatever goes wrong, the answer is 2: never "ok", and never a regression either.
func TestGateErrorsAreNotOK(t *testing.T) {
	const spec = "../../experiments/gate.yaml"
	for name, arguments := range map[string][]string{
		"no base":          {"gate"},
		"unknown commit":   {"gate", "--base", "no-such-commit", "--spec", spec},
		"no spec":          {"gate", "--base", "../..", "--spec", "absent.yaml"},
		"nothing to build": {"gate", "--base", t.TempDir(), "--spec", spec},
		"too few rounds":   {"gate", "--base", "../..", "--head", "../..", "--spec", spec, "--rounds", "3"},
		"no gates":         {"gate-selftest", "--gates", "0", "--spec", spec},
	} {
		if arguments[0] == "gate" && len(arguments) > 1 {
			arguments = append(arguments, "--out", filepath.Join(t.TempDir(), "out"))
		}
		if code, _, stderr := invoke(t, arguments...); code != 2 || !strings.HasPrefix(stderr, "bench: ") &&
			!strings.Contains(stderr, "\nbench: ") {
			t.Errorf("%s: exit code %d, want 2; stderr: %s", name, code, stderr)
		}
	}
}

func TestGateExitCodes(t *testing.T) {
	var o gateOptions
	for verdict, want := range map[gate.Verdict]int{
		gate.OK: 0, gate.Regression: 1, gate.Inconclusive: 2, "": 2, "fine": 2,
	} {
		code, _ := exitCode(o.judge(verdict))
		if code != want {
			t.Errorf("%q: exit code %d, want %d", verdict, code, want)
		}
	}
}

func TestCompare(t *testing.T) {
	dir := runDir(t, false)
	code, stdout, stderr := invoke(t, "compare", dir, dir)
	if code != 0 || !strings.Contains(stdout, "1.00× [") || strings.Contains(stdout, "differs") {
		t.Errorf("a run with itself: exit code %d, %s, %s", code, stdout, stderr)
	}
	if code, _, _ := invoke(t, "compare", dir, t.TempDir()); code != exitUsage {
		t.Errorf("a directory without a run: exit code %d, want %d", code, exitUsage)
	}
}
