package main

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"text/tabwriter"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/features"
	"github.com/spf13/cobra"

	"bpfdb/internal/cgroup2"
)

// feature is one thing the engine or a path needs of the kernel.
type feature struct {
	name, needed string
	probe        func() error
}

func program(t ebpf.ProgramType) func() error {
	return func() error { return features.HaveProgramType(t) }
}

func helper(t ebpf.ProgramType, fn asm.BuiltinFunc) func() error {
	return func() error { return features.HaveProgramHelper(t, fn) }
}

func mapType(t ebpf.MapType) func() error {
	return func() error { return features.HaveMapType(t) }
}

// kernelFunction looks for a function in the kernel's type information.
func kernelFunction(name string) func() error {
	return func() error {
		spec, err := btf.LoadKernelSpec()
		if err != nil {
			return err
		}
		var fn *btf.Func
		if err := spec.TypeByName(name, &fn); err != nil {
			return fmt.Errorf("%s is not there", name)
		}
		return nil
	}
}

// probes in the order they are shown. The newest feature sets the oldest kernel: may_goto is 6.9; sk_skb programs
// that change a socket's data were unreliable before 6.12.
var probes = []feature{
	{"x86-64", "engine", func() error {
		if runtime.GOARCH != "amd64" {
			return fmt.Errorf("this is %s", runtime.GOARCH)
		}
		return nil
	}},
	{"kernel 6.12 or newer", "engine", func() error {
		code, err := features.LinuxVersionCode()
		if err == nil && code < 6<<16|12<<8 {
			err = fmt.Errorf("running %d.%d", code>>16, code>>8&0xff)
		}
		return err
	}},
	{"kernel type information (BTF)", "engine", func() error {
		_, err := btf.LoadKernelSpec()
		return err
	}},
	{"SYSCALL programs", "engine", program(ebpf.Syscall)},
	{"maps in maps", "engine", mapType(ebpf.ArrayOfMaps)},
	{"cgroup v2 mount", "sockmap, local, wire", func() error {
		_, err := cgroup2.Root()
		return err
	}},
	{"sockops programs", "sockmap, local, wire", program(ebpf.SockOps)},
	{"sk_skb programs", "sockmap", program(ebpf.SkSKB)},
	{"sk_msg programs", "sockmap, local", program(ebpf.SkMsg)},
	{"socket hash maps", "sockmap, local", mapType(ebpf.SockHash)},
	{"socket storage in sk_msg", "sockmap, local", helper(ebpf.SkMsg, asm.FnSkStorageGet)},
	{"TCP state in sk_skb", "sockmap", helper(ebpf.SkSKB, asm.FnSkcToTcpSock)},
	{"ring buffers", "sockmap, local", mapType(ebpf.RingBuf)},
	{"TCP state in sk_msg", "local", helper(ebpf.SkMsg, asm.FnSkcToTcpSock)},
	{"redirect to a socket's own queue", "local", helper(ebpf.SkMsg, asm.FnMsgRedirectHash)},
	{"longer and shorter messages", "local", helper(ebpf.SkMsg, asm.FnMsgPushData)},
	{"program arrays", "local", mapType(ebpf.ProgramArray)},
	{"reading kernel structures by type", "local", kernelFunction("bpf_rdonly_cast")},
	{"traffic control programs", "wire", program(ebpf.SchedCLS)},
	{"packet redirection", "wire", helper(ebpf.SchedCLS, asm.FnCloneRedirect)},
	{"TCP state in sockops", "wire", helper(ebpf.SockOps, asm.FnSkcToTcpSock)},
}

var errFeatures = errors.New("some features are missing")

func probeCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "probe",
		Short:   "show which needed kernel features are there (exit 3 if any is missing)",
		Example: "  bpfdb probe",
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runProbes(cmd.OutOrStdout(), probes) },
	}
}

func runProbes(w io.Writer, probes []feature) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "FEATURE\tNEEDED BY\tFOUND")
	var missing error
	for _, f := range probes {
		found := "yes"
		if err := f.probe(); err != nil {
			found = "no: " + oneLine(err)
			missing = fault{errUnsupported, errFeatures}
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", f.name, f.needed, found)
	}
	return errors.Join(table.Flush(), missing)
}
