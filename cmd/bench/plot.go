package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"bpfdb/plots"
	"bpfdb/plots/summary"
)

// newPlotCommand draws the figures of run directories.
func newPlotCommand() *cobra.Command {
	var out string
	command := &cobra.Command{
		Use:   "plot RUNDIR... [--out DIR]",
		Short: "Draw the figures of a run as SVG, PNG and PDF",
		Long: "Draw throughput, p99, CPU per operation and latency spectra of each setting; curves where an\n" +
			"experiment varies connections, offered rate or contention; lines over time where trials are\n" +
			"long; the paths beside each other; and the engine alone where a directory holds its run.\n" +
			"Several directories are drawn together; they must come from one machine and one commit.\n" +
			"Prints the path of every file it writes.",
		Example: "  bench plot results/local/20260102T030405Z-0123456789\n" +
			"  bench plot RUNDIR --out figures",
		Args: cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, dirs []string) error {
			if out == "" {
				out = filepath.Join(dirs[0], "figures")
			}
			data, err := summary.Load(dirs)
			if err != nil {
				return err
			}
			paths, err := plots.Write(plots.Figures(data), out)
			for _, path := range paths {
				fmt.Fprintln(command.OutOrStdout(), path)
			}
			return err
		},
	}
	command.Flags().StringVar(&out, "out", "", "where figures go (default: figures in the first RUNDIR)")
	return command
}
