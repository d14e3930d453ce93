package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"bpfdb/runners/plan"
	"bpfdb/runners/spec"
)

func newPlanCommand() *cobra.Command {
	var options plan.Options
	command := &cobra.Command{
		Use:   "plan SPEC... [--profile quick|paper] [--system NAME]...",
		Short: "Print what a run of these specs would do, in order, and how long it takes",
		Long: "Print the trials of a run in order, with an estimate of the minutes they take. Nothing is\n" +
			"started and the machine is not looked at: systems that are not installed are planned, too.",
		Example: "  bench plan experiments/ycsb.yaml\n" +
			"  bench plan experiments/*.yaml --profile paper --system redis",
		Args: cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, files []string) error {
			p, err := readPlan(files, options)
			if err != nil {
				return err
			}
			return p.Print(command.OutOrStdout())
		},
	}
	addPlanFlags(command, &options)
	return command
}

func addPlanFlags(command *cobra.Command, options *plan.Options) {
	flags := command.Flags()
	profiles := strings.Join(spec.ProfileNames, " or ")
	flags.StringVar(&options.Profile, "profile", "quick", "size of the run: "+profiles)
	flags.StringArrayVar(&options.Systems, "system", nil, "only this system of the specs (repeatable)")
	flags.StringVar(&options.Twin, "twin", "",
		"measure this system twice, side by side, to see the noise floor (A/A)")
	flags.StringSliceVar(&options.Instruments, "instrument", nil,
		"look into every cell in an extra trial that is not measured: perf (flame graph), bpf (program run times)")
	flags.Uint64Var(&options.Seed, "seed", 1, "of the order of trials and of every op stream")
}

func readPlan(files []string, options plan.Options) (plan.Plan, error) {
	var specs []spec.Spec
	for _, file := range files {
		s, err := spec.Read(file)
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w: %w", errUsage, err)
		}
		if err != nil {
			return plan.Plan{}, err
		}
		specs = append(specs, s)
	}
	return plan.New(specs, options)
}
