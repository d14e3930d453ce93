package system

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

var (
	// ErrNotInstalled means that the system's binary is not on this machine.
	ErrNotInstalled = errors.New("not installed")
	// ErrOverride means that the environment names a binary that cannot be run.
	ErrOverride = errors.New("cannot run")
)

// Installation is a system found on this machine.
type Installation struct {
	Definition
	Path         string // of the binary, absolute
	SHA256       string // of the binary
	VersionFound string // first line the binary prints about itself; empty if it will not say
}

// versionTimeout bounds a binary that ignores its version arguments and starts serving.
const versionTimeout = 5 * time.Second

// Find looks for the binary. Absence is ErrNotInstalled; an environment variable that
// leads nowhere is ErrOverride, as somebody meant it.
func (d Definition) Find(ctx context.Context) (Installation, error) {
	if d.Remote != "" {
		return Installation{Definition: d}, nil // whether it answers shows when a trial begins
	}
	path, err := d.look()
	if err != nil {
		return Installation{}, err
	}
	if path, err = filepath.Abs(path); err != nil {
		return Installation{}, fmt.Errorf("%s: %w", d.Name, err)
	}
	sum, err := sha256File(path)
	if err != nil {
		return Installation{}, fmt.Errorf("%s: %w", d.Name, err)
	}
	return Installation{Definition: d, Path: path, SHA256: sum, VersionFound: d.version(ctx, path)}, nil
}

func (d Definition) look() (string, error) {
	if override := os.Getenv(d.BinaryEnv); d.BinaryEnv != "" && override != "" {
		path, err := exec.LookPath(override)
		if err != nil {
			return "", fmt.Errorf("%s: $%s: %w: %w", d.Name, d.BinaryEnv, ErrOverride, err)
		}
		return path, nil
	}
	path, err := exec.LookPath(d.Binary)
	if err != nil {
		return "", fmt.Errorf("%s: %w: %w%s", d.Name, ErrNotInstalled, err, d.hint())
	}
	return path, nil
}

func (d Definition) hint() string {
	if d.BinaryEnv == "" {
		return ""
	}
	return "; $" + d.BinaryEnv + " can name it"
}

func (d Definition) version(ctx context.Context, path string) string {
	if len(d.Version) == 0 {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, versionTimeout)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, d.Version...).Output()
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return line
}

func sha256File(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// Shown is the program as results name it: from the working directory where it is below that, for where a checkout
// lies is nobody's business.
func (in Installation) Shown() string {
	if cwd, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(cwd, in.Path); err == nil && filepath.IsLocal(rel) {
			return rel
		}
	}
	return in.Path
}
