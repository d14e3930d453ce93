package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"bpfdb/runners/gate"
)

// selftestOptions are the flags of bench gate-selftest.
type selftestOptions struct {
	gateOptions
	source  string
	gates   int
	effects []float64
}

// newGateSelftestCommand shows that the gate bites, and only then.
func newGateSelftestCommand() *cobra.Command {
	var o selftestOptions
	command := &cobra.Command{
		Use:   "gate-selftest [--gates N]",
		Short: "Run the gate on equal builds and on builds with an injected slowdown",
		Long: "Gates over two equal builds must raise no alarm; gates over a build whose server is delayed, by\n" +
			"as much as slows p99 by 20 %, must all say regression. Smaller effects are reported with how\n" +
			"often they are found. The delay is in the user path, so its system is measured. Exit code 1\n" +
			"when the gate fails its test. Takes most of an hour on a quiet machine. Needs root.",
		Example: "  bench gate-selftest\n" +
			"  bench gate-selftest --gates 3 --effects 0.2 --rounds 20",
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			t, err := o.try(command.Context(), command.ErrOrStderr())
			if err != nil {
				return coded{err, exitDoubt}
			}
			if err := t.Print(command.OutOrStdout()); err != nil {
				return coded{err, exitDoubt}
			}
			if !t.Passed() {
				return errors.New("gate-selftest: the gate does not do what it promises")
			}
			return nil
		},
	}
	o.addFlags(command)
	command.Flags().Lookup("system").DefValue = "[bpfdb-user]"
	command.Flags().StringVar(&o.source, "source", ".", "source tree or commit of both builds")
	command.Flags().IntVar(&o.gates, "gates", 10, "of each series")
	command.Flags().Float64SliceVar(&o.effects, "effects", []float64{0.2, 0.1}, "slowdowns of p99 to inject, as shares")
	return command
}

func (o *selftestOptions) try(ctx context.Context, w io.Writer) (*gate.Selftest, error) {
	if len(o.systems) == 0 {
		o.systems = []string{"bpfdb-user"}
	}
	if o.gates < 1 {
		return nil, fmt.Errorf("%w --gates %d: want at least 1", errUsage, o.gates)
	}
	g, err := o.prepare(w)
	if err != nil {
		return nil, err
	}
	builds := filepath.Join(o.out, "builds")
	base, drop, err := gate.NewSide(ctx, "base", o.source, builds, nil)
	defer drop()
	if err != nil {
		return nil, err
	}
	g.Sides = [2]gate.Side{base, base}
	build := func(ctx context.Context, delayNS int64) (gate.Side, error) {
		var flags []string
		if delayNS > 0 {
			flags = []string{"-tags=delay",
				"-ldflags=-X bpfdb/engine/server.delayNS=" + strconv.FormatInt(delayNS, 10)}
		}
		head, _, err := gate.NewSide(ctx, "head", base.Tree, builds, flags)
		return head, err
	}
	return g.Try(ctx, o.gates, o.effects, build)
}
