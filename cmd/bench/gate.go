package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bpfdb/runners/gate"
	"bpfdb/runners/spec"
)

// Exit codes of bench gate: anything that is not a completed comparison is exitDoubt.
const (
	exitRegression = 1
	exitDoubt      = 2 // inconclusive, or broken
)

// coded is an error with an exit code of its own.
type coded struct {
	error
	code int
}

func (c coded) Unwrap() error { return c.error }

// gateOptions are the flags of bench gate and bench gate-selftest.
type gateOptions struct {
	base, head           string
	baseBuild, headBuild string
	spec                 string
	systems              []string
	rounds               int
	seed                 uint64
	nice                 int
	out                  string
}

func (o *gateOptions) addFlags(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&o.spec, "spec", "experiments/gate.yaml", "what both builds are measured under")
	flags.StringArrayVar(&o.systems, "system", nil, "only this system of the spec (repeatable)")
	flags.IntVar(&o.rounds, "rounds", 0, "paired rounds of one block, at least 10 (default: the spec's)")
	flags.IntVar(&o.nice, "nice", -20, "nice value of clients and servers while they are measured; 0: as it is")
	flags.Uint64Var(&o.seed, "seed", 1, "of orders, op streams and resampling")
	flags.StringVar(&o.out, "out", "", "new directory for results (default: results/local/gate-<utc>)")
}

// newGateCommand compares two builds.
func newGateCommand() *cobra.Command {
	var o gateOptions
	command := &cobra.Command{
		Use:   "gate --base DIR|COMMIT [--head DIR|COMMIT]",
		Short: "Compare two builds; exit 1 on a regression, 2 when in doubt",
		Long: "Build bpfdb from two source trees or commits and compare them in turns of a tenth of a second, in\n" +
			"paired rounds, two servers of base and one of head being alive at once:\n" +
			"p99 and throughput with intervals, and beside them verified instructions, bytes per key and\n" +
			"allocations per operation. A regression is one that shows again on fresh servers.\n" +
			"Exit code 0: ok; 1: regression; 2: inconclusive, or anything went wrong. Needs root.",
		Example: "  bench gate --base origin/main\n" +
			"  bench gate --base v1.0 --head . --rounds 20 --system bpfdb-sockmap",
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			d, err := o.gate(command.Context(), command.ErrOrStderr())
			if err != nil {
				return coded{err, exitDoubt}
			}
			if err := d.Print(command.OutOrStdout()); err != nil {
				return coded{err, exitDoubt}
			}
			return o.judge(d.Verdict)
		},
	}
	o.addFlags(command)
	flags := command.Flags()
	flags.StringVar(&o.base, "base", "", "what to compare with: a source tree or a commit")
	flags.StringVar(&o.head, "head", ".", "what to judge: a source tree or a commit")
	flags.StringVar(&o.baseBuild, "base-build", "", "flags of go build for base, separated by spaces")
	flags.StringVar(&o.headBuild, "head-build", "", "flags of go build for head")
	return command
}

// judge turns a verdict into an exit code; what is neither known verdict is doubt.
func (o *gateOptions) judge(v gate.Verdict) error {
	switch v {
	case gate.OK:
		return nil
	case gate.Regression:
		return coded{fmt.Errorf("gate: regression; %s has every trial", o.out), exitRegression}
	}
	return coded{fmt.Errorf("gate: %s: try more --rounds, or a quieter machine", v), exitDoubt}
}

// gate builds both sides and runs one gate.
func (o *gateOptions) gate(ctx context.Context, w io.Writer) (*gate.Document, error) {
	if o.base == "" {
		return nil, fmt.Errorf("%w gate without --base: what is there to compare with?", errUsage)
	}
	g, err := o.prepare(w)
	if err != nil {
		return nil, err
	}
	for i, side := range []struct{ name, source, build string }{
		{"base", o.base, o.baseBuild}, {"head", o.head, o.headBuild},
	} {
		g.Say("building %s from %s", side.name, side.source)
		built, drop, err := gate.NewSide(ctx, side.name, side.source, filepath.Join(o.out, "builds"),
			strings.Fields(side.build))
		defer drop()
		if err != nil {
			return nil, err
		}
		g.Sides[i] = built
	}
	return g.Run(ctx)
}

// prepare is a gate without its sides.
func (o *gateOptions) prepare(w io.Writer) (*gate.Gate, error) {
	s, err := spec.Read(o.spec)
	if err != nil {
		return nil, err
	}
	if o.rounds == 0 {
		o.rounds = int(s.Default.Rounds)
	}
	if o.out == "" {
		o.out = filepath.Join("results", "local", "gate-"+time.Now().UTC().Format("20060102T150405Z"))
	}
	if _, err := os.Stat(filepath.Join(o.out, gate.File)); err == nil {
		return nil, fmt.Errorf("%w --out %s: a gate is there already", errUsage, o.out)
	}
	return &gate.Gate{
		Bench: gate.Bench{Spec: s, Systems: o.systems, Rounds: o.rounds, Seed: o.seed},
		Out:   o.out, Rules: gate.DefaultRules, Nice: o.nice,
		Say: func(format string, arguments ...any) { fmt.Fprintf(w, "gate: "+format+"\n", arguments...) },
	}, nil
}

// exitCode is the code an error asks for.
func exitCode(err error) (code int, asked bool) {
	var c coded
	asked = errors.As(err, &c)
	return c.code, asked
}
