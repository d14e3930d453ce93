package bpfload

import (
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"

	"bpfdb/internal/kerneltest"
)

// numbered are programs that return their number, beside a map that jumps to one of them.
func numbered(entry string) *ebpf.CollectionSpec {
	spec := &ebpf.CollectionSpec{
		Maps: map[string]*ebpf.MapSpec{"entry": {
			Name: "load_entry",
			Type: ebpf.ProgramArray, KeySize: 4, ValueSize: 4, MaxEntries: 1,
			Contents: []ebpf.MapKV{{Key: uint32(0), Value: entry}},
		}},
		Programs: map[string]*ebpf.ProgramSpec{},
	}
	for i, name := range []string{"one", "two", "three", "four", "five"} {
		spec.Programs[name] = &ebpf.ProgramSpec{
			Name: "load_" + name, Type: ebpf.SocketFilter, License: "GPL",
			Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, int32(i+1)), asm.Return()},
		}
	}
	spec.Programs["jump"] = &ebpf.ProgramSpec{
		Name: "load_jump", Type: ebpf.SocketFilter, License: "GPL",
		Instructions: asm.Instructions{
			asm.LoadMapPtr(asm.R2, 0).WithReference("entry"), asm.Mov.Imm(asm.R3, 0), asm.FnTailCall.Call(),
			asm.Mov.Imm(asm.R0, 0), asm.Return(),
		},
	}
	return spec
}

func TestLoad(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	before, err := kerneltest.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	c, err := Load(numbered("four"), ebpf.CollectionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]uint32{"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "jump": 4} {
		got, err := c.Programs[name].Run(&ebpf.RunOptions{Data: make([]byte, 64)})
		if got != want || err != nil {
			t.Errorf("%s returns %d, %v, want %d", name, got, err, want)
		}
	}
	c.Close()
	if left, err := kerneltest.LeftBehind(before, "load_"); len(left) > 0 || err != nil {
		t.Errorf("left in the kernel: %v, %v", left, err)
	}
}

// TestLoadRefused has one program of many refused: none stays.
func TestLoadRefused(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	before, err := kerneltest.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	wrong := numbered("four")
	wrong.Programs["three"].Instructions = asm.Instructions{asm.Return()} // with no value
	if _, err := Load(wrong, ebpf.CollectionOptions{}); err == nil || !strings.Contains(err.Error(), "three") {
		t.Errorf("a wrong program: %v", err)
	}
	if _, err := Load(numbered("six"), ebpf.CollectionOptions{}); err == nil || !strings.Contains(err.Error(), "six") {
		t.Errorf("a missing program: %v", err)
	}
	if left, err := kerneltest.LeftBehind(before, "load_"); len(left) > 0 || err != nil {
		t.Errorf("left in the kernel: %v, %v", left, err)
	}
}
