package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bpfdb/results"
	"bpfdb/results/export"
)

// newExportCommand writes a run in the formats of other tools.
func newExportCommand() *cobra.Command {
	var wanted []string
	var known []string
	for _, format := range export.Formats {
		known = append(known, format.Name)
	}
	command := &cobra.Command{
		Use:   "export RUNDIR [--format NAME]...",
		Short: "Write a run's trials as NDJSON, CSV and Go benchmark lines",
		Long: "Write trials.ndjson (one trial a line), trials.csv (one line per trial and kind of operation) and\n" +
			"bench.txt (for benchstat) beside run.json. The fields are explained in results/README.md.",
		Example: "  bench export results/local/20260102T030405Z-0123456789\n" +
			"  bench export RUNDIR --format bench && benchstat -col /system RUNDIR/bench.txt",
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, dirs []string) error {
			var formats []export.Format
			for _, name := range wanted {
				at := slices.Index(known, name)
				if at < 0 {
					return fmt.Errorf("%w --format %q: want %s", errUsage, name, strings.Join(known, ", "))
				}
				formats = append(formats, export.Formats[at])
			}
			run, err := results.ReadRun(dirs[0])
			if err != nil {
				return err
			}
			paths, err := export.Files(dirs[0], run, formats)
			for _, path := range paths {
				fmt.Fprintln(command.OutOrStdout(), path)
			}
			return err
		},
	}
	command.Flags().StringSliceVar(&wanted, "format", known, "formats to write")
	return command
}
