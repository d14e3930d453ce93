package kerneltest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/features"
	"golang.org/x/sys/unix"

	"bpfdb/internal/cgroup2"
)

var (
	// Root is the privilege to load programs, attach them and list everybody's: root has it.
	Root = Feature{"root (CAP_SYS_ADMIN, CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON)", probePrivilege}
	// BTF is the running kernel's own type information, needed for CO-RE and kfuncs.
	BTF = Feature{"kernel BTF", probeBTF}
	// Cgroup2 is a mounted cgroup v2 hierarchy, where sockops programs attach.
	Cgroup2 = Feature{"cgroup2", probeCgroup2}
	// MinKernel is the oldest kernel the project supports.
	MinKernel = Kernel(6, 12)
)

// Kernel needs the running kernel to be at least major.minor.
func Kernel(major, minor uint32) Feature {
	return Feature{fmt.Sprintf("kernel %d.%d", major, minor), func() error {
		code, err := features.LinuxVersionCode()
		if err != nil {
			return err
		}
		if code < major<<16|minor<<8 {
			return fmt.Errorf("%w: running kernel is %d.%d", ErrMissing, code>>16, code>>8&0xff)
		}
		return nil
	}}
}

// Kfunc needs the running kernel's BTF to describe the named kernel function.
func Kfunc(name string) Feature {
	return Feature{"kfunc " + name, func() error {
		spec, err := kernelSpec()
		if err != nil {
			return err
		}
		var fn *btf.Func
		if err := spec.TypeByName(name, &fn); errors.Is(err, btf.ErrNotFound) {
			return fmt.Errorf("%w: not in kernel BTF", ErrMissing)
		} else if err != nil {
			return err
		}
		return nil
	}}
}

// Tool needs an executable in PATH; `make deps` installs those the tests use.
func Tool(name string) Feature {
	return Feature{"tool " + name, func() error {
		if _, err := exec.LookPath(name); err != nil {
			return fmt.Errorf("%w: %w (make deps installs it)", ErrMissing, err)
		}
		return nil
	}}
}

func probePrivilege() error {
	// Capability numbers above 31 live in the second word of version 3's pair.
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return fmt.Errorf("capget: %w", err)
	}
	for _, capability := range []int{unix.CAP_SYS_ADMIN, unix.CAP_NET_ADMIN, unix.CAP_BPF, unix.CAP_PERFMON} {
		if data[capability/32].Effective&(1<<(capability%32)) == 0 {
			return fmt.Errorf("%w: capability number %d", ErrMissing, capability)
		}
	}
	return nil
}

func probeBTF() error {
	_, err := kernelSpec()
	return err
}

func kernelSpec() (*btf.Spec, error) {
	spec, err := btf.LoadKernelSpec()
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, btf.ErrNotSupported) {
		return nil, fmt.Errorf("%w: %w", ErrMissing, err)
	}
	return spec, err
}

func probeCgroup2() error {
	_, err := cgroup2.Root()
	if errors.Is(err, cgroup2.ErrNotMounted) {
		return fmt.Errorf("%w: %w", ErrMissing, err)
	}
	return err
}
