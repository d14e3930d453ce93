package system

import (
	"os"
	"testing"

	"bpfdb/internal/kerneltest"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
)

// A process that holds a program of two instructions is seen to.
func TestPrograms(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	before := len(programsOf(os.Getpid()))
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "bench_test", Type: ebpf.SocketFilter, License: "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	programs := programsOf(os.Getpid())
	if len(programs) != before+1 {
		t.Fatalf("%d programs, before %d", len(programs), before)
	}
	for _, p := range programs {
		if p.Name == "bench_test" {
			if p.VerifiedInstructions != 2 || p.Instructions < 2 || len(p.Tag) != 16 || p.Type != "SocketFilter" {
				t.Errorf("program %+v", p)
			}
			return
		}
	}
	t.Errorf("not among %+v", programs)
}
