package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"bpfdb/results"
	"bpfdb/results/export"
)

// newHistoryCommand writes many runs as series over time.
func newHistoryCommand() *cobra.Command {
	var out string
	command := &cobra.Command{
		Use:   "history RUNDIR... [--out DIR]",
		Short: "Write the history of every cell over many runs, for Otava to find change points",
		Long: "Write a CSV file for each cell, with a line per run and the medians of its good trials, and an\n" +
			"otava.yaml that names them all: `otava analyze TEST` in that directory finds the runs from which on\n" +
			"a cell has become slower or faster. That takes runs after the change; for a verdict on one change\n" +
			"use `bench gate`. The runs must come from one machine.",
		Example: "  bench history results/local/* --out history\n" +
			"  cd history && OTAVA_CONFIG=otava.yaml otava list-tests",
		Args: cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, dirs []string) error {
			var runs []*results.Run
			for _, dir := range dirs {
				r, err := results.ReadRun(dir)
				if errors.Is(err, fs.ErrNotExist) {
					return fmt.Errorf("%w: %w", errUsage, err)
				}
				if err != nil {
					return err
				}
				runs = append(runs, r)
			}
			series, err := export.History(runs)
			if errors.Is(err, export.ErrHistory) {
				return fmt.Errorf("%w: %w", errUsage, err)
			}
			if err != nil {
				return err
			}
			paths, err := export.Otava(out, series)
			for _, path := range paths {
				fmt.Fprintln(command.OutOrStdout(), path)
			}
			return err
		},
	}
	command.Flags().StringVar(&out, "out", "history", "directory to write to")
	return command
}
