package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"bpfdb/runners/tracefile"
	"bpfdb/workloads/trace"
)

func newTraceCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "trace",
		Short: "Look into traces of caches, or make one up",
		Long: "Traces have the format of those that Twitter published: a request a line, with timestamp, key, key\n" +
			"size, value size, client, operation and TTL between commas. An experiment with the workload `trace`\n" +
			"replays one (experiments/README.md).",
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	command.AddCommand(newTraceShowCommand(), newTraceMakeCommand())
	return command
}

func newTraceShowCommand() *cobra.Command {
	var requests uint64
	command := &cobra.Command{
		Use:   "show FILE",
		Short: "Print what a replay of a trace sends, and what it cannot",
		Long: "Read a trace, plain, .gz or .zst, and print how many requests there are of each operation, what\n" +
			"they become in a replay, and what is left out or changed. A line that is not of the format is an\n" +
			"error with its number. The part that is read is kept in memory, about 100 bytes a request.",
		Example: "  bench trace show cluster52.0.zst --requests 1000000",
		Args:    cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, files []string) error {
			file, err := tracefile.Open(files[0])
			if errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("%w: %w", errUsage, err)
			}
			if err != nil {
				return err
			}
			defer file.Close() // it was only read
			replay, err := trace.New(file, trace.Part{Requests: requests})
			if err != nil {
				return fmt.Errorf("%s: %w", files[0], err)
			}
			return showTrace(command.OutOrStdout(), replay.Report())
		},
	}
	command.Flags().Uint64Var(&requests, "requests", 0, "read only so many that can be sent (0: all)")
	return command
}

func showTrace(w io.Writer, r trace.Report) error {
	fmt.Fprintf(w, "%d lines over %v, SHA-256 %s\n", r.Lines, r.Span.Round(time.Millisecond), r.SHA256)
	fmt.Fprintf(w, "%d keys, of which %d are loaded beforehand; %d reads find none\n\n",
		r.Keys, r.Loaded, r.AbsentReads)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "operation\tsent\tskipped\tas\tdiffers")
	for o, count := range r.Operations {
		m := trace.Operations[o]
		fmt.Fprintf(table, "%s\t%d\t%d\t%s\t%s\n", m.Name, count.Sent, count.Skipped, m.Command, m.Differs)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%d times to live ignored, %d values cut, %d keys too long, %d keys not of their size, "+
		"%d lines out of order\n", r.TTLIgnored, r.CutValues, r.LongKeys, r.OtherSizes, r.Unordered)
	return err
}

func newTraceMakeCommand() *cobra.Command {
	synthetic, requests := trace.DefaultSynthetic(), uint64(0)
	command := &cobra.Command{
		Use:   "make",
		Short: "Print a synthetic trace",
		Long: "Print a trace that is made up: keys by a Zipf law, values of mixed sizes, all operations of the\n" +
			"format. Equal flags give equal traces on every machine, and the trace that `synthetic` in an\n" +
			"experiment stands for.",
		Example: "  bench trace make --requests 1000000 --keys 50000 > synthetic.csv",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			source, err := synthetic.NewSource()
			if err != nil {
				return fmt.Errorf("%w: %w", errUsage, err)
			}
			out := bufio.NewWriter(command.OutOrStdout())
			var line []byte
			for range requests {
				record, err := source.Next()
				if err != nil {
					return err
				}
				line = trace.AppendLine(line[:0], record)
				if _, err := out.Write(line); err != nil {
					return err
				}
			}
			return out.Flush()
		},
	}
	flags := command.Flags()
	flags.Uint64Var(&requests, "requests", 100_000, "number of lines")
	flags.Uint64Var(&synthetic.Keys, "keys", synthetic.Keys, "number of different keys")
	flags.Uint64Var(&synthetic.RateOps, "rate-ops", synthetic.RateOps, "requests per second of the trace's time")
	flags.Float64Var(&synthetic.Skew, "skew", synthetic.Skew, "theta of the Zipf law of keys")
	flags.Uint64Var(&synthetic.Seed, "seed", synthetic.Seed, "of everything that is drawn")
	return command
}
