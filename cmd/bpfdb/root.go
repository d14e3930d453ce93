package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
)

// Exit codes that scripts rely on.
const (
	exitFailure     = 1
	exitUsage       = 2
	exitUnsupported = 3
)

// Kinds of errors that decide the exit code; their text is not shown.
var (
	errUsage       = errors.New("usage")
	errUnsupported = errors.New("unsupported")
)

// fault is an error with a kind.
type fault struct{ kind, err error }

func (f fault) Error() string   { return f.err.Error() }
func (f fault) Unwrap() []error { return []error{f.kind, f.err} }

func exitCode(err error) int {
	switch {
	case errors.Is(err, errUsage):
		return exitUsage
	case errors.Is(err, errUnsupported):
		return exitUnsupported
	}
	return exitFailure
}

// oneLine keeps the promise of one line on stderr.
func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "bpfdb",
		Short:         "a transactional key-value engine in the kernel, served to Redis clients",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArguments,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return fault{errUsage, err} })
	root.AddCommand(serveCommand(), probeCommand(), statCommand(), verifyCommand(), benchEngineCommand())
	return root
}

func noArguments(cmd *cobra.Command, args []string) error {
	if err := cobra.NoArgs(cmd, args); err != nil {
		return fault{errUsage, err}
	}
	return nil
}
