package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"bpfdb/plots/units"
	"bpfdb/results"
	"bpfdb/runners/compare"
)

func newCompareCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "compare RUNDIR-A RUNDIR-B",
		Short: "Set two runs side by side, cell by cell",
		Long: "Print every metric of every cell that both runs hold, with the ratio of B to A and its interval.\n" +
			"The runs were not interleaved, so drift of the machine is part of every ratio; what else differs\n" +
			"between them is listed first. For a verdict on two builds use `bench gate`.",
		Example: "  bench compare results/local/20260102T030405Z-0123456789 results/local/20260103T030405Z-abcdef0123",
		Args:    cobra.ExactArgs(2),
		RunE: func(command *cobra.Command, dirs []string) error {
			var runs [2]*results.Run
			for i, dir := range dirs {
				r, err := results.ReadRun(dir)
				if errors.Is(err, fs.ErrNotExist) {
					return fmt.Errorf("%w: %w", errUsage, err)
				}
				if err != nil {
					return err
				}
				runs[i] = r
			}
			rows, err := compare.Runs(runs[0], runs[1])
			if err != nil {
				return err
			}
			return printComparison(command.OutOrStdout(), compare.Differences(runs[0], runs[1]), rows)
		},
	}
}

func printComparison(w io.Writer, differences []string, rows []compare.Row) error {
	for _, d := range differences {
		fmt.Fprintf(w, "differs: %s\n", d)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "experiment\tsystem\tworkload\tpoint\tmetric\tA\tB\tB/A")
	for _, r := range rows {
		format := units.Rate
		if strings.HasSuffix(r.Metric, "_ns") {
			format = units.Duration
		}
		c := r.Cell
		fmt.Fprintf(table, "%s\t%s\t%s\t%d B, c%d, p%d\t%s\t%s\t%s\t%s [%s, %s]\n", c.Experiment, c.System,
			c.Workload, c.ValueBytes, c.Connections, c.Pipeline, r.Metric, format(r.A), format(r.B),
			units.Ratio(r.Ratio.Median), units.Ratio(r.Ratio.Lo), units.Ratio(r.Ratio.Hi))
	}
	return table.Flush()
}
