package summary

import (
	"fmt"
	"strings"

	"bpfdb/results"
)

// Machine says where a run was taken and from which commit, in one line.
func Machine(e results.Environment) string {
	commit := e.GitCommit[:min(len(e.GitCommit), 10)]
	if commit == "" {
		commit = "unknown"
	}
	if e.GitDirty {
		commit += " with uncommitted changes"
	}
	virtual := ""
	if e.Virtualized != "" {
		virtual = " (virtual machine)"
	}
	// The build stamp behind the release says nothing to a reader; run.json keeps it.
	release, _, _ := strings.Cut(e.Kernel, " ")
	return fmt.Sprintf("Linux %s, %d × %s%s, commit %s", release, e.CPUs, e.CPUModel, virtual, commit)
}
