package host

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"

	"bpfdb/results"
)

// ReadSource fills in which source the harness and the eBPF objects come from: what the
// Go toolchain stamped into this binary or, failing that, the git checkout in dir, and
// the compiled objects under dir/engine.
func ReadSource(ctx context.Context, dir string, e *results.Environment) {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				e.GitCommit = s.Value
			case "vcs.modified":
				e.GitDirty = s.Value == "true"
			}
		}
	}
	if e.GitCommit == "" {
		e.GitCommit = git(ctx, dir, "rev-parse", "HEAD")
		e.GitDirty = git(ctx, dir, "status", "--porcelain", "--untracked-files=no") != ""
	}
	e.BPFObjects = objects(filepath.Join(dir, "engine"))
}

func git(ctx context.Context, dir string, arguments ...string) string {
	out, err := exec.CommandContext(ctx, "git", append([]string{"-C", dir}, arguments...)...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

func objects(dir string) map[string]string {
	sums := map[string]string{}
	for _, pattern := range []string{"*.o", "*/*.o"} {
		files, _ := filepath.Glob(filepath.Join(dir, pattern))
		for _, file := range files {
			if content, err := os.ReadFile(file); err == nil {
				sum := sha256.Sum256(content)
				sums[filepath.Base(file)] = hex.EncodeToString(sum[:])
			}
		}
	}
	return sums
}
