package summary

import (
	"fmt"

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
		virtual = " (" + e.Virtualized + ")"
	}
	return fmt.Sprintf("Linux %s, %d × %s%s, commit %s", e.Kernel, e.CPUs, e.CPUModel, virtual, commit)
}
