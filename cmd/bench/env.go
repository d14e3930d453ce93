package main

import (
	"encoding/json"
	"os"

	"github.com/spf13/cobra"

	"bpfdb/runners/host"
)

func newEnvCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "env",
		Short: "Print what a run would record about this machine, as JSON",
		Long: "Print kernel, processor, mitigations, clock source, settings and source revision as every\n" +
			"run.json holds them: two runs may be compared when these agree.",
		Example: "  bench env",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			environment := host.ReadEnvironment(os.DirFS("/"))
			host.ReadSource(command.Context(), ".", &environment)
			environment.Offloads = map[string]map[string]bool{"lo": host.ReadOffloads("lo")}
			encoder := json.NewEncoder(command.OutOrStdout())
			encoder.SetIndent("", "  ")
			return encoder.Encode(environment)
		},
	}
}
