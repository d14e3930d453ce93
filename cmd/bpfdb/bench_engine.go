package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"bpfdb/engine"
	"bpfdb/engine/microbench"
	"bpfdb/results"
	"bpfdb/runners/host"
)

// benchProfile is how thorough `bench-engine` is.
type benchProfile struct {
	tables   int // times every table is built anew
	rounds   int // rounds of measurements on each
	duration time.Duration
}

var benchProfiles = map[string]benchProfile{
	"quick": {tables: 1, rounds: 5, duration: 120 * time.Millisecond},
	"paper": {tables: 5, rounds: 5, duration: time.Second},
}

const maxBenchKeys = 1 << 31

var benchKeys = []uint{10_000, 100_000, 1_000_000, 10_000_000}

type benchEngineOptions struct {
	out     string
	profile string
	value   int
	keys    []uint
}

func benchEngineCommand() *cobra.Command {
	o := &benchEngineOptions{}
	cmd := &cobra.Command{
		Use:   "bench-engine",
		Short: "measure the engine alone, inside the kernel: GET and one-key SET commits",
		Long: "Runs GET and SET in a loop inside the kernel, on one CPU and on all, over tables of\n" +
			"10 thousand to 10 million keys (16-byte keys; about 2 GiB of memory for the largest).",
		Example: "  bpfdb bench-engine\n  bpfdb bench-engine --keys 1000000 --out results/local/today --profile paper",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			profile, ok := benchProfiles[o.profile]
			if !ok {
				return fault{errUsage, fmt.Errorf("--profile %q: want quick or paper", o.profile)}
			}
			for _, n := range o.keys {
				if n < 1 || n > maxBenchKeys {
					return fault{errUsage, fmt.Errorf("--keys %d: want 1 to %d", n, maxBenchKeys)}
				}
			}
			if o.value < 8 || o.value > engine.MaxValue {
				return fault{errUsage, fmt.Errorf("--value-bytes %d: want 8 to %d", o.value, engine.MaxValue)}
			}
			return o.run(cmd, profile)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.out, "out", "", "`directory` to write "+results.EngineFile+" to, for bench plot and bench report")
	f.StringVar(&o.profile, "profile", "quick", "quick (about 30 s) or paper (some 15 min)")
	f.IntVar(&o.value, "value-bytes", 100, "size of every value")
	f.UintSliceVar(&o.keys, "keys", benchKeys, "table `sizes`")
	return cmd
}

func (o *benchEngineOptions) run(cmd *cobra.Command, profile benchProfile) error {
	run := &results.EngineRun{
		SchemaVersion: results.EngineSchemaVersion,
		Started:       time.Now().UTC(),
		Command:       os.Args,
		Environment:   host.ReadEnvironment(os.DirFS("/")),
	}
	host.ReadSource(cmd.Context(), ".", &run.Environment)
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "%-4s %5s %10s %12s %8s %14s\n", "op", "cpus", "keys", "rate_ops", "ns/op", "overhead_B/key")
	for range profile.tables {
		for _, keys := range o.keys {
			if err := o.measure(cmd, out, run, uint64(keys), profile); err != nil {
				return err
			}
		}
	}
	run.Finished = time.Now().UTC()
	if o.out == "" {
		return nil
	}
	return results.WriteEngineRun(o.out, run)
}

// measure runs one table and adds its points to the run.
func (o *benchEngineOptions) measure(cmd *cobra.Command, out io.Writer, run *results.EngineRun, keys uint64,
	profile benchProfile) error {
	cpus := []int{1}
	if n := runtime.NumCPU(); n > 1 {
		cpus = append(cpus, n)
	}
	setting := microbench.Setting{
		Keys: keys, ValueBytes: o.value, CPUs: cpus, Duration: profile.duration, Rounds: profile.rounds,
	}
	err := microbench.Run(cmd.Context(), setting, func(p microbench.Point) {
		fmt.Fprintf(out, "%-4s %5d %10d %12.0f %8.0f %14.1f\n",
			p.Op, p.CPUs, p.Keys, p.RateOps, p.NSPerOp, p.OverheadBytes)
		run.Points = append(run.Points, results.EnginePoint{
			Op: p.Op, CPUs: p.CPUs, Keys: p.Keys, ValueBytes: p.ValueBytes,
			RateOps: p.RateOps, NSPerOp: p.NSPerOp, OverheadBytesPerKey: p.OverheadBytes,
		})
	})
	if errors.Is(err, engine.ErrUnsupported) {
		return fault{errUnsupported, err}
	}
	return err
}
