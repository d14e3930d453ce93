package quiet

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

var (
	// ErrTune means that a setting could not be changed; nothing is, then.
	ErrTune = errors.New("cannot tune")
	// ErrRestore means that a setting is not as it was before.
	ErrRestore = errors.New("cannot restore")
)

// Change is one file that was written.
type Change struct{ File, Before, After string }

// String tells what was changed, as a person would do it by hand.
func (c Change) String() string { return fmt.Sprintf("%s: %s -> %s", c.File, c.Before, c.After) }

// Tuned is a machine whose settings are quiet until Restore.
type Tuned struct{ Changes []Change }

// Tune makes every setting quiet that is not, and can be, below root, which is "/". It changes all of
// them or, with an error that wraps ErrTune, none. It needs root's privileges.
func Tune(root string) (*Tuned, error) {
	tuned := &Tuned{}
	for _, s := range settings {
		files, _ := filepath.Glob(filepath.Join(root, s.files))
		for _, file := range files {
			before, err := read(file)
			if err != nil || before == s.quiet {
				continue // what cannot be read has nothing to go back to
			}
			if err := write(file, s.quiet); err != nil {
				return nil, errors.Join(fmt.Errorf("%w: %s: %w", ErrTune, s.name, err), tuned.Restore())
			}
			tuned.Changes = append(tuned.Changes, Change{file, before, s.quiet})
		}
	}
	return tuned, nil
}

// Restore puts everything back, the last change first. What somebody else has changed since is left
// as it is, and said with all that fails in an error that wraps ErrRestore. Called again it does
// nothing.
func (t *Tuned) Restore() error {
	var failed []error
	for _, c := range slices.Backward(t.Changes) {
		now, err := read(c.File)
		switch {
		case err == nil && now != c.After:
			err = fmt.Errorf("it is %s by now, which was not our doing", now)
		case err == nil:
			err = write(c.File, c.Before)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("%w %s to %s: %w", ErrRestore, c.File, c.Before, err))
		}
	}
	t.Changes = nil
	return errors.Join(failed...)
}

func read(file string) (string, error) {
	content, err := os.ReadFile(file)
	return strings.TrimSpace(string(content)), err
}

// write makes sure that the kernel has taken the value: some files accept what they then ignore.
func write(file, value string) error {
	if err := os.WriteFile(file, []byte(value), 0o644); err != nil {
		return err
	}
	now, err := read(file)
	if err == nil && now != value {
		err = fmt.Errorf("%s stays at %s", file, now)
	}
	return err
}
