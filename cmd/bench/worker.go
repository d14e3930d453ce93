package main

import (
	"github.com/spf13/cobra"

	"bpfdb/runners/fleet"
	"bpfdb/runners/run"
)

func newWorkerCommand() *cobra.Command {
	return &cobra.Command{
		Use:   run.WorkerCommand,
		Short: "Generate a part of a load for `bench run` elsewhere",
		Long: "Read a load from standard input, as JSON, generate it when told to and write the result,\n" +
			"with encoded histograms, to standard output. `bench run` starts workers by itself where an\n" +
			"experiment has `clients`; this command is what it runs, here or over ssh.",
		Example: "  ssh host bench worker",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return fleet.Worker(command.Context(), command.InOrStdin(), command.OutOrStdout())
		},
	}
}
