package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"bpfdb/results"
	"bpfdb/runners/host"
	"bpfdb/runners/plan"
	"bpfdb/runners/quiet"
	"bpfdb/runners/run"
)

func newRunCommand() *cobra.Command {
	var options plan.Options
	var out, resume string
	var tune bool
	command := &cobra.Command{
		Use:   "run SPEC... [--out DIR] [--system NAME]... [--profile quick|paper]",
		Short: "Run experiments and write results",
		Long: "Start each system, load it, measure it and stop it, trial by trial in the order that\n" +
			"`bench plan` prints, and write run.json and one HdrHistogram log per trial. A system whose\n" +
			"binary is absent is recorded as not installed. Ctrl-C keeps the trials completed so far,\n" +
			"which --resume goes on from.\n\n" +
			"--instrument adds a trial of five seconds of each cell after all others, to look inside: perf\n" +
			"samples the whole machine and leaves a flame graph in profiles/, bpf has the kernel time the\n" +
			"server's BPF programs. Both slow down what they look at, so that nothing of it is among the\n" +
			"measurements. With --resume they can be added to a run that is done.\n\n" +
			"What `bench check` finds is printed and stands in run.json.",
		Example: "  bench run experiments/smoke.yaml\n" +
			"  bench run experiments/ycsb.yaml --profile paper --out results/local/mine\n" +
			"  bench run experiments/ycsb.yaml --profile paper --resume results/local/mine\n" +
			"  bench run experiments/ycsb-e.yaml --system bpfdb-local --instrument perf,bpf",
		Args: cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, files []string) (failure error) {
			p, err := readPlan(files, options)
			if err != nil {
				return err
			}
			if tune {
				restore, err := tuneAround("/", command.ErrOrStderr())
				if err != nil {
					return err
				}
				defer func() { failure = errors.Join(failure, restore()) }()
			}
			warnOfNoise(command.ErrOrStderr())
			carryOut := run.Run
			switch {
			case resume != "":
				carryOut, out = run.Resume, resume
			case out == "":
				out = defaultOut(command.Context())
			}
			r, err := carryOut(command.Context(), p, out, newProgress(command.ErrOrStderr()))
			if errors.Is(err, run.ErrOtherRun) || resume != "" && errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("%w: --resume %w", errUsage, err)
			}
			if errors.Is(err, run.ErrExists) {
				return fmt.Errorf("%w: --out %w", errUsage, err)
			}
			if r != nil {
				warn(command.ErrOrStderr(), r)
				fmt.Fprintln(command.OutOrStdout(), filepath.Join(out, results.RunFile))
			}
			return err
		},
	}
	addPlanFlags(command, &options)
	command.Flags().StringVar(&out, "out", "",
		"new results directory (default: results/local/<utc>-<revision>)")
	command.Flags().StringVar(&resume, "resume", "",
		"results directory of an interrupted run of the same specs and flags, to go on with")
	command.MarkFlagsMutuallyExclusive("out", "resume")
	command.Flags().BoolVar(&tune, "tune", false,
		"quieten the machine for the run and put everything back afterwards, as bench tune does (root)")
	return command
}

// defaultOut names a new directory after the time and the source.
func defaultOut(ctx context.Context) string {
	var source results.Environment
	host.ReadSource(ctx, ".", &source)
	revision := source.GitCommit
	if revision == "" {
		revision = "unversioned"
	}
	name := time.Now().UTC().Format("20060102T150405Z") + "-" + revision[:min(10, len(revision))]
	return filepath.Join("results", "local", name)
}

// maxStealShare is how much of a trial's processors a hypervisor may take until it is said.
const maxStealShare = 0.02

// stolen tells whether others on the same hardware had a part in the trial's figures.
func stolen(t *results.Trial, cpus int) bool {
	return float64(t.CPU.StealNS) > maxStealShare*float64(t.DurationNS)*float64(cpus)
}

// warnOfNoise says what keeps the machine from measuring evenly.
func warnOfNoise(w io.Writer) {
	for _, f := range quiet.Check(os.DirFS("/")) {
		hint := ""
		if f.Tunable {
			hint = " (--tune)"
		}
		fmt.Fprintf(w, "bench: noise: %s%s\n", f.Text, hint)
	}
}

// warn says what the run lacks; nothing missing, nothing said.
func warn(w io.Writer, r *results.Run) {
	for _, s := range r.Systems {
		if s.NotInstalled != "" {
			fmt.Fprintf(w, "bench: %s is not installed: %s\n", s.Name, s.NotInstalled)
		}
	}
	failed, saturated, disturbed := 0, 0, 0
	for _, t := range r.Trials {
		if stolen(&t, r.Environment.CPUs) {
			disturbed++
		}
		if t.Client.Saturated != "" {
			saturated++
		}
		if t.Failure != "" {
			failed++
		}
	}
	if saturated > 0 {
		fmt.Fprintf(w, "bench: in %d of %d trials the load generator was the bottleneck or late; "+
			"run.json marks them\n", saturated, len(r.Trials))
	}
	if disturbed > 0 {
		fmt.Fprintf(w, "bench: in %d of %d trials the hypervisor gave more than %g %% of the processors to others\n",
			disturbed, len(r.Trials), 100*maxStealShare)
	}
	if failed > 0 {
		fmt.Fprintf(w, "bench: %d of %d trials failed; run.json says why\n", failed, len(r.Trials))
	}
	unseen := 0
	for _, t := range r.Instrumented {
		if t.NotInstalled != "" || t.Failure != "" {
			unseen++
		}
	}
	if unseen > 0 {
		fmt.Fprintf(w, "bench: %d of %d instrumented trials show nothing, as the instrument is not installed or the "+
			"trial failed; run.json says why\n", unseen, len(r.Instrumented))
	}
	if missing := r.PlannedTrials - len(r.Trials); missing > 0 {
		fmt.Fprintf(w, "bench: stopped with %d of %d trials not run\n", missing, r.PlannedTrials)
	}
}
