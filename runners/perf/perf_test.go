package perf_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bpfdb/internal/kerneltest"
	"bpfdb/runners/perf"
)

// pretend puts a perf of the test's own on PATH, and nothing else but a shell's tools.
func pretend(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if script != "" {
		if err := os.WriteFile(filepath.Join(dir, "perf"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	if script == "" {
		t.Setenv("PATH", dir)
	}
	t.Setenv("TMPDIR", t.TempDir())
}

func TestNotInstalled(t *testing.T) {
	for script, want := range map[string]string{
		"": "executable file not found",
		"echo 'perf not found for kernel 6.99'; exit 2\n": "perf not found for kernel 6.99",
	} {
		pretend(t, script)
		_, err := perf.Find(t.Context())
		if !errors.Is(err, perf.ErrNotInstalled) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want ErrNotInstalled with %q", script, err, want)
		}
	}
}

// sampler stands in for perf: it writes when interrupted and knows one stack.
const sampler = `case "$1" in
--version) echo perf version 0 ;;
record)
	trap 'echo data > "$FILE"; exit 130' INT
	while [ $# -gt 0 ]; do [ "$1" != --output ] || FILE="$2"; shift; done
	while :; do sleep 0.02; done ;;
script) printf 'server \n\t401000 serve (/bin/server)\n\n' ;;
esac
`

// record samples for a moment with the perf on PATH.
func record(t *testing.T, frequencyHz int) *perf.Recording {
	t.Helper()
	tool, err := perf.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r, err := tool.Record(frequencyHz, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "bench-perf-*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
	return r
}

func TestRecord(t *testing.T) {
	pretend(t, sampler)
	r := record(t, 99)
	time.Sleep(200 * time.Millisecond) // until it listens
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	stacks, err := r.Stacks(t.Context())
	if err != nil || stacks["server;serve"] != 1 {
		t.Errorf("%v, %v", stacks, err)
	}
}

func TestRecordFails(t *testing.T) {
	pretend(t, "[ \"$1\" = --version ] || { echo 'no permission' >&2; exit 1; }\n")
	r := record(t, 99)
	time.Sleep(200 * time.Millisecond) // until it has failed
	if err := r.Stop(); !errors.Is(err, perf.ErrRecord) || !strings.Contains(err.Error(), "no permission") {
		t.Errorf("%v, want ErrRecord with what perf said", err)
	}
}

// The real one sees a spinning processor. Test binaries have no symbols, so that it can name no more
// than the file.
func TestPerf(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	if _, err := perf.Find(t.Context()); errors.Is(err, perf.ErrNotInstalled) {
		t.Skip(err)
	}
	t.Setenv("TMPDIR", t.TempDir())
	r := record(t, 99)
	for start := time.Now(); time.Since(start) < time.Second; {
	}
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	stacks, err := r.Stacks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var spinning uint64
	for stack, count := range stacks {
		if strings.HasPrefix(stack, "perf.test;") && !strings.HasSuffix(stack, "_[k]") {
			spinning += count
		}
	}
	if spinning == 0 || spinning > stacks.Shares().User {
		t.Errorf("%d samples in the spinning test, of %+v", spinning, stacks.Shares())
	}
}
