// Package kerneltest is the one helper for tests that need a real kernel: it decides when such a
// test may be skipped, and finds what a test left behind in the kernel.
package kerneltest

import (
	"errors"
	"fmt"
	"os"
	"testing"
)

// ErrMissing marks a probe's finding that a feature is absent. Only such an error may skip a test:
// a probe that fails for another reason fails the test, so that a gap never hides as a skip.
var ErrMissing = errors.New("missing")

// Feature is one named need of a test and the probe that decides whether this machine has it.
type Feature struct {
	Name  string
	Probe func() error
}

// Require skips the test when a feature is missing, naming it. With CI=true in the environment it
// fails the test instead, because CI machines are set up to have everything.
func Require(t testing.TB, features ...Feature) {
	t.Helper()
	skip, err := decide(os.Getenv("CI") == "true", features)
	if err != nil {
		t.Fatal(err)
	}
	if skip != "" {
		t.Skip(skip)
	}
}

// decide returns a reason to skip, or an error that must fail the test, or neither.
func decide(ci bool, features []Feature) (skip string, err error) {
	for _, f := range features {
		err := f.Probe()
		switch {
		case err == nil:
		case !errors.Is(err, ErrMissing):
			return "", fmt.Errorf("probe of %s: %w", f.Name, err)
		case ci:
			return "", fmt.Errorf("needs %s, and CI=true forbids skipping: %w", f.Name, err)
		default:
			return fmt.Sprintf("needs %s: %v", f.Name, err), nil
		}
	}
	return "", nil
}
