// Command bench plans and runs the experiments, draws their figures and fills in the
// paper's tables.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	strict "bpfdb/runners/document"
	"bpfdb/runners/plan"
	"bpfdb/runners/system"
)

// Exit codes besides 0.
const (
	exitFailure     = 1
	exitUsage       = 2 // bad flag, argument or spec
	exitInterrupted = 130
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second Ctrl-C ends the program at once; its servers get SIGTERM from the kernel.
	context.AfterFunc(ctx, stop)
	os.Exit(bench(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// bench is the whole program; it returns the exit code.
func bench(ctx context.Context, arguments []string, stdout, stderr io.Writer) int {
	started := false // once a command runs, its errors are no longer about usage
	root := &cobra.Command{
		Use:           "bench",
		Short:         "Measure BPF-DB beside Redis and Dragonfly under identical load",
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRun: func(*cobra.Command, []string) {
			started = true
		},
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newPlanCommand(), newRunCommand(), newEnvCommand(), newPlotCommand(), newReportCommand(),
		newGateCommand(), newGateSelftestCommand(), newCompareCommand(), newExportCommand(), newHistoryCommand(),
		newCheckCommand(), newTuneCommand(), newWorkerCommand(), newTraceCommand())
	root.SetArgs(arguments)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(stderr, "bench: interrupted")
		return exitInterrupted
	}
	fmt.Fprintf(stderr, "bench: %v\n", err)
	if code, asked := exitCode(err); asked {
		return code
	}
	if !started || isUsage(err) {
		return exitUsage
	}
	return exitFailure
}

// isUsage tells what the user can mend in a spec, an argument or the environment.
func isUsage(err error) bool {
	var mistake *strict.Error
	return errors.As(err, &mistake) || errors.Is(err, plan.ErrOptions) ||
		errors.Is(err, system.ErrOverride) || errors.Is(err, errUsage)
}

// errUsage marks what the user gave that no flag parser can refuse.
var errUsage = errors.New("cannot use")
