package gate

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Side is one of the two builds compared.
type Side struct {
	Name       string   `json:"name"`     // base or head
	Source     string   `json:"source"`   // as given: a directory or a commit
	Revision   string   `json:"revision"` // commit, "-dirty" added where the tree differs from it
	BuildFlags []string `json:"build_flags,omitempty"`
	BPFDB      string   `json:"-"` // the server's binary
	Tree       string   `json:"-"` // source tree it was built from
}

// NewSide builds bpfdb from a source tree, or from a commit checked out beside the
// repository's own work tree, into work. drop removes the checkout again.
func NewSide(ctx context.Context, name, source, work string, buildFlags []string) (s Side, drop func(), err error) {
	s = Side{Name: name, Source: source, BuildFlags: buildFlags, BPFDB: filepath.Join(work, name, "bpfdb")}
	drop = func() {}
	if info, statErr := os.Stat(source); statErr == nil && info.IsDir() {
		s.Tree = source
	} else if drop, err = s.checkOut(ctx, filepath.Join(work, name, "tree")); err != nil {
		return Side{}, drop, err
	}
	if s.Tree, err = filepath.Abs(s.Tree); err == nil {
		s.BPFDB, err = filepath.Abs(s.BPFDB)
	}
	if err != nil {
		return Side{}, drop, fmt.Errorf("%w: %s: %w", ErrBroken, name, err)
	}
	s.Revision = revision(ctx, s.Tree)
	arguments := append([]string{"build", "-trimpath", "-buildvcs=false", "-o", s.BPFDB}, buildFlags...)
	build := exec.CommandContext(ctx, "go", append(arguments, "./cmd/bpfdb")...)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	_, err = output(build, s.Tree)
	return s, drop, err
}

// checkOut makes a work tree of the commit and returns how to remove it.
func (s *Side) checkOut(ctx context.Context, tree string) (drop func(), err error) {
	none := func() {}
	commit, err := output(exec.CommandContext(ctx, "git", "rev-parse", "--verify", s.Source+"^{commit}"), "")
	if err != nil {
		return none, fmt.Errorf("%s is neither a directory nor a commit: %w", s.Source, err)
	}
	if _, err := output(exec.CommandContext(ctx, "git", "worktree", "add", "--detach", tree, commit), ""); err != nil {
		return none, err
	}
	s.Tree = tree
	return func() {
		// Also after Ctrl-C; where it fails, `git worktree prune` finds the directory gone.
		_, _ = output(exec.Command("git", "worktree", "remove", "--force", tree), "")
	}, nil
}

func revision(ctx context.Context, tree string) string {
	commit, err := output(exec.CommandContext(ctx, "git", "rev-parse", "HEAD"), tree)
	if err != nil {
		return "unversioned"
	}
	changes, err := output(exec.CommandContext(ctx, "git", "status", "--porcelain"), tree)
	if err != nil || changes != "" {
		commit += "-dirty"
	}
	return commit
}

// output runs a command in a directory; its error has what the command said.
func output(command *exec.Cmd, dir string) (string, error) {
	command.Dir = dir
	var complaints strings.Builder
	command.Stderr = &complaints
	text, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("%w: %s: %w: %s", ErrBroken, strings.Join(command.Args, " "), err,
			strings.TrimSpace(complaints.String()))
	}
	return strings.TrimSpace(string(text)), nil
}
