package kerneltest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
)

// mapEntry is what the iterator writes of a map.
type mapEntry struct {
	ID   uint32
	Name [nameBytes]byte
}

const nameBytes = 16 // BPF_OBJ_NAME_LEN

// listMaps walks the kernel's maps by an iterator. Opening them by their numbers would make this process a user of each
// for an instant; on Linux 6.18 a program array whose last user has just gone is never freed after that.
func listMaps() (maps []mapEntry, err error) {
	instructions, err := mapIterator()
	if err != nil {
		return nil, err
	}
	prog, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "list_maps", Type: ebpf.Tracing, AttachType: ebpf.AttachTraceIter, AttachTo: "bpf_map",
		License: "GPL", Instructions: instructions,
	})
	if err != nil {
		return nil, fmt.Errorf("load iterator over maps: %w", err)
	}
	defer prog.Close()
	walk, err := link.AttachIter(link.IterOptions{Program: prog})
	if err != nil {
		return nil, fmt.Errorf("attach iterator over maps: %w", err)
	}
	defer walk.Close()
	reader, err := walk.Open()
	if err != nil {
		return nil, fmt.Errorf("walk maps: %w", err)
	}
	defer reader.Close()
	text, err := io.ReadAll(reader)
	if err != nil {
		return nil, fmt.Errorf("walk maps: %w", err)
	}
	maps = make([]mapEntry, len(text)/binary.Size(mapEntry{}))
	return maps, binary.Read(bytes.NewReader(text), binary.NativeEndian, maps)
}

// mapIterator writes a mapEntry of each map. Its context has pointers to the iteration, whose first field is the
// file to write to, and to the map, null at the end.
func mapIterator() (asm.Instructions, error) {
	id, err := offsetInMap("id")
	if err != nil {
		return nil, err
	}
	name, err := offsetInMap("name")
	if err != nil {
		return nil, err
	}
	const entry = -24 // on the stack
	return asm.Instructions{
		asm.LoadMem(asm.R6, asm.R1, 8, asm.DWord),
		asm.LoadMem(asm.R7, asm.R1, 0, asm.DWord),
		asm.LoadMem(asm.R7, asm.R7, 0, asm.DWord),
		asm.JEq.Imm(asm.R6, 0, "end"),
		asm.LoadMem(asm.R1, asm.R6, int16(id), asm.Word),
		asm.StoreMem(asm.R10, entry, asm.R1, asm.Word),
		asm.Mov.Reg(asm.R1, asm.R10),
		asm.Add.Imm(asm.R1, entry+4),
		asm.Mov.Imm(asm.R2, nameBytes),
		asm.Mov.Reg(asm.R3, asm.R6),
		asm.Add.Imm(asm.R3, int32(name)),
		asm.FnProbeReadKernel.Call(),
		asm.Mov.Reg(asm.R1, asm.R7),
		asm.Mov.Reg(asm.R2, asm.R10),
		asm.Add.Imm(asm.R2, entry),
		asm.Mov.Imm(asm.R3, int32(binary.Size(mapEntry{}))),
		asm.FnSeqWrite.Call(),
		asm.Mov.Imm(asm.R0, 0).WithSymbol("end"),
		asm.Return(),
	}, nil
}

// offsetInMap is where the kernel keeps a field of struct bpf_map, in bytes.
func offsetInMap(field string) (uint32, error) {
	kernel, err := btf.LoadKernelSpec()
	if err != nil {
		return 0, fmt.Errorf("read the kernel's types: %w", err)
	}
	var found *btf.Struct
	if err := kernel.TypeByName("bpf_map", &found); err != nil {
		return 0, fmt.Errorf("struct bpf_map: %w", err)
	}
	for _, member := range found.Members {
		if member.Name == field {
			return member.Offset.Bytes(), nil
		}
	}
	return 0, fmt.Errorf("struct bpf_map has no field %s", field)
}
