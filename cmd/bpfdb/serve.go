package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/cilium/ebpf"
	"github.com/spf13/cobra"

	"bpfdb/engine"
	"bpfdb/engine/server"
)

type serveOptions struct {
	addr    string
	path    string
	ifaces  []string
	memory  string
	timeout time.Duration
	log     logOptions
	verbose bool
	later   map[string]*string
}

// laterFlags belong to the published contract but not to this version; the value is the only one it takes.
var laterFlags = map[string]string{
	"requirepass-file": "", "backend": "", "metrics-addr": "",
}

func serveCommand() *cobra.Command {
	o := &serveOptions{later: map[string]*string{}}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "serve Redis clients until SIGINT or SIGTERM",
		Long: "Serve Redis clients from the engine in the kernel. Prints one line beginning \"ready \" once it " +
			"accepts.\n" +
			"Needs root, or CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON and CAP_SYS_ADMIN.",
		Example: "  bpfdb serve --addr 127.0.0.1:6380 --memory 4GiB\n  bpfdb serve --path user",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.addr, "addr", server.DefaultAddr, "listen on `host:port`; port 0 picks a free one")
	f.StringVar(&o.path, "path", string(server.PathAuto),
		"auto (local and sockmap), user (no fast path), sockmap, local (clients on this host),\n"+
			"or wire (experimental: packets are answered where they come in)")
	f.StringArrayVar(&o.ifaces, "iface", nil,
		"wire: answer on this network `interface` (repeatable); default those that have the address")
	f.StringVar(&o.memory, "memory", "1GiB", "most memory for data and index, e.g. 512MiB")
	f.DurationVar(&o.timeout, "txn-timeout", 30*time.Second,
		"abort a transaction of BEGIN or WATCH left idle for this `time`")
	o.log.flags(f)
	f.BoolVar(&o.verbose, "verbose", false, "print the verifier's whole log when the kernel refuses a program")
	for name, value := range laterFlags {
		o.later[name] = f.String(name, value, "")
		f.Lookup(name).Hidden = true
	}
	return cmd
}

// validate checks what can be checked without the kernel.
func (o *serveOptions) validate() (engine.Options, error) {
	for name, only := range laterFlags {
		if *o.later[name] != only {
			err := fmt.Errorf("--%s %s: not available in this version", name, *o.later[name])
			return engine.Options{}, fault{errUsage, err}
		}
	}
	if path := server.Path(o.path); !slices.Contains(server.Paths(), path) {
		return engine.Options{}, fault{errUsage, fmt.Errorf("--path %q: must be one of %s", o.path, server.PathNames())}
	} else if len(o.ifaces) > 0 && path != server.PathWire {
		return engine.Options{}, fault{errUsage, fmt.Errorf("--iface is for --path wire, not %s", o.path)}
	}
	memory, err := parseBytes(o.memory)
	if err != nil {
		return engine.Options{}, fault{errUsage, fmt.Errorf("--memory %q: %w", o.memory, err)}
	}
	if o.timeout <= 0 {
		return engine.Options{}, fault{errUsage, fmt.Errorf("--txn-timeout %v: must be positive", o.timeout)}
	}
	options := engine.Options{MemoryBytes: memory, TxnTimeout: o.timeout}
	if err := o.log.apply(&options, o.addr); err != nil {
		return options, fault{errUsage, err}
	}
	if err := options.Validate(); err != nil {
		return options, fault{errUsage, err}
	}
	return options, nil
}

func (o *serveOptions) run(ctx context.Context, stdout, stderr io.Writer) error {
	options, err := o.validate()
	if err != nil {
		return err
	}
	options.Warn = func(err error) { fmt.Fprintf(stderr, "bpfdb: %s\n", oneLine(err)) }
	db, err := engine.Open(options)
	if err != nil {
		return o.explain(err, stderr)
	}
	o.log.report(db, o.addr, stderr)
	s, err := server.Start(db, server.Options{Addr: o.addr, Path: server.Path(o.path), Interfaces: o.ifaces}, stderr)
	if err != nil {
		return errors.Join(o.explain(err, stderr), db.Close())
	}
	if why := s.Fallback(); why != nil {
		fmt.Fprintf(stderr, "bpfdb: path %s only: %s\n", s.Path(), oneLine(why))
	}
	fmt.Fprintf(stdout, "ready addr=%s path=%s\n", s.Addr(), s.Path())
	select {
	case <-ctx.Done():
	case err = <-s.Failed():
	}
	return errors.Join(err, s.Close(), db.Close())
}

// explain gives the error its kind, and with --verbose prints the verifier's log.
func (o *serveOptions) explain(err error, stderr io.Writer) error {
	var refused *ebpf.VerifierError
	if errors.As(err, &refused) {
		if o.verbose {
			fmt.Fprintf(stderr, "%+v\n", refused)
		}
		return fault{errUnsupported, fmt.Errorf("%w (--verbose shows the whole log)", err)}
	}
	switch {
	case errors.Is(err, server.ErrAddress), errors.Is(err, engine.ErrOptions):
		return fault{errUsage, err}
	case errors.Is(err, server.ErrPath), errors.Is(err, engine.ErrUnsupported), errors.Is(err, ebpf.ErrNotSupported):
		return fault{errUnsupported, err}
	}
	return err
}
