// Package perf samples the whole machine with perf(1), for trials that only look where time goes.
// Nothing of it stays: neither the recording nor what perf would keep in its cache.
package perf

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

var (
	// ErrNotInstalled means that there is no perf on PATH, or none for the running kernel.
	ErrNotInstalled = errors.New("perf is not installed")
	// ErrRecord means that perf could not sample; its own words follow.
	ErrRecord = errors.New("perf record failed")
	// ErrScript means that perf could not read what it had recorded.
	ErrScript = errors.New("perf script failed")
)

// Tool is a perf that can be run.
type Tool struct {
	Path    string
	Version string // as it says itself: perf version 6.12.8
}

// versionTimeout bounds a program of that name that does something else.
const versionTimeout = 10 * time.Second

// Find looks for perf on PATH. Ubuntu's is a script that fails where the package for the running
// kernel is missing, so it is asked for its version. An error wraps ErrNotInstalled.
func Find(ctx context.Context) (Tool, error) {
	path, err := exec.LookPath("perf")
	if err != nil {
		return Tool{}, fmt.Errorf("%w: %w", ErrNotInstalled, err)
	}
	ctx, cancel := context.WithTimeout(ctx, versionTimeout)
	defer cancel()
	said, err := exec.CommandContext(ctx, path, "--version").CombinedOutput()
	line, _, _ := strings.Cut(strings.TrimSpace(string(said)), "\n")
	if err != nil {
		return Tool{}, fmt.Errorf("%w: %s --version: %w: %s", ErrNotInstalled, path, err, line)
	}
	return Tool{Path: path, Version: line}, nil
}
