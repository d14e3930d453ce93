package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"bpfdb/runners/quiet"
)

// errNoisy makes bench check tell by its exit code that there is something to be done.
var errNoisy = errors.New("this machine is not quiet")

func newCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Say what makes measurements on this machine vary",
		Long: "List what keeps measurements from being steady: processors that change their speed, other programs,\n" +
			"a busy hypervisor, limits on processor time. Nothing is changed. Exit code 1: something was found.",
		Example: "  bench check",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			found := quiet.Check(os.DirFS("/"))
			for _, f := range found {
				text := f.Text
				if f.Tunable {
					text += " (bench tune)"
				}
				fmt.Fprintln(command.OutOrStdout(), text)
			}
			if len(found) > 0 {
				return errNoisy
			}
			return nil
		},
	}
}

// tuneCommand is what `bench run --tune` starts beside itself.
const tuneCommand = "tune"

// tuned is what bench tune says when all is changed.
const tunedLine = "tuned"

func newTuneCommand() *cobra.Command {
	var root string
	command := &cobra.Command{
		Use:   tuneCommand,
		Short: "Quieten the machine until standard input ends, then put everything back (root)",
		Long: "Set the frequency governor to performance, and switch off turbo, the NMI watchdog, NUMA balancing\n" +
			"and statistics of BPF programs, where they are on. Each change is printed. When standard input ends,\n" +
			"or with Ctrl-C, everything is put back, but for what somebody else has changed since. `bench run\n" +
			"--tune` does this around a run.",
		Example: "  sudo bench tune    # Ctrl-D or Ctrl-C ends it",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			signal.Ignore(syscall.SIGHUP) // a terminal that goes away ends standard input, too
			return tuneUntilEnd(command.Context(), root, command.InOrStdin(), command.OutOrStdout())
		},
	}
	command.Flags().StringVar(&root, "root", "/", "where the settings are, for tests")
	command.Flags().MarkHidden("root") //nolint:errcheck // the flag is there
	return command
}

// tuneUntilEnd keeps the settings below root quiet until in or the context ends.
func tuneUntilEnd(ctx context.Context, root string, in io.Reader, out io.Writer) error {
	tuned, err := quiet.Tune(root)
	if err != nil {
		return err
	}
	for _, change := range tuned.Changes {
		fmt.Fprintln(out, change)
	}
	fmt.Fprintln(out, tunedLine)
	ended := make(chan struct{})
	go func() { // ends with the input, or with the program
		_, _ = io.Copy(io.Discard, in)
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
	}
	return tuned.Restore()
}

// tuneAround has a program of its own keep the machine below root quiet. It puts everything back
// when restore is called, and also when this program ends without, even by SIGKILL: it sees its
// input end. It is in a process group of its own, so that Ctrl-C does not reach it first.
func tuneAround(root string, log io.Writer) (restore func() error, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	keeper := exec.Command(self, tuneCommand, "--root", root)
	keeper.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var said strings.Builder
	keeper.Stderr = &said
	in, err := keeper.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := keeper.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := keeper.Start(); err != nil {
		return nil, fmt.Errorf("--tune: %w", err)
	}
	restore = func() error {
		if err := errors.Join(in.Close(), keeper.Wait()); err != nil {
			return fmt.Errorf("--tune: %w: %s", err, strings.TrimSpace(said.String()))
		}
		return nil
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if lines.Text() == tunedLine {
			return restore, nil
		}
		fmt.Fprintf(log, "bench: tune: %s\n", lines.Text())
	}
	return nil, errors.Join(errors.New("--tune: nothing was changed"), restore())
}
