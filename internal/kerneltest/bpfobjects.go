package kerneltest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// bpfRef is the kernel's identity of a program, map or link.
type bpfRef struct {
	kind Kind
	id   uint32
}

// bpfGraph is every BPF object with its name, and which objects keep which others alive: a link
// its program, a program its maps.
type bpfGraph struct {
	names map[bpfRef]string
	uses  map[bpfRef][]bpfRef
}

func listBPF() (bpfGraph, error) {
	g := bpfGraph{names: map[bpfRef]string{}, uses: map[bpfRef][]bpfRef{}}
	for _, list := range []func() error{g.addPrograms, g.addMaps, g.addLinks} {
		if err := list(); err != nil {
			return g, err
		}
	}
	return g, nil
}

func (g bpfGraph) addPrograms() error {
	return eachID(ebpf.ProgramGetNextID, func(id ebpf.ProgramID) error {
		prog, err := ebpf.NewProgramFromID(id)
		if err != nil {
			return err
		}
		defer prog.Close()
		info, err := prog.Info()
		if err != nil {
			return err
		}
		ref := bpfRef{Program, uint32(id)}
		g.names[ref] = info.Name
		ids, _ := info.MapIDs()
		for _, m := range ids {
			g.uses[ref] = append(g.uses[ref], bpfRef{Map, uint32(m)})
		}
		return nil
	})
}

func (g bpfGraph) addMaps() error {
	maps, err := listMaps()
	for _, m := range maps {
		name, _, _ := bytes.Cut(m.Name[:], []byte{0})
		g.names[bpfRef{Map, m.ID}] = string(name)
	}
	return err
}

// eachID walks the kernel's ids in order. An object freed between finding and opening it is gone,
// which is no error.
func eachID[ID ~uint32](next func(ID) (ID, error), visit func(ID) error) error {
	for id := ID(0); ; {
		var err error
		if id, err = next(id); errors.Is(err, os.ErrNotExist) {
			return nil
		} else if err != nil {
			return fmt.Errorf("walk %T: %w", id, err)
		}
		if err := visit(id); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("%T %d: %w", id, id, err)
		}
	}
}

// linkTries bounds how often the links are walked again because one was just being made, by another process.
const linkTries = 100

func (g bpfGraph) addLinks() (err error) {
	for range linkTries {
		if err = g.walkLinks(); !errors.Is(err, unix.EAGAIN) {
			break
		}
		time.Sleep(time.Millisecond)
	}
	return err
}

// walkLinks names a link after its program, as links bear no name of their own.
func (g bpfGraph) walkLinks() error {
	it := new(link.Iterator)
	defer it.Close()
	for it.Next() {
		info, err := it.Link.Info()
		if err != nil {
			return fmt.Errorf("link %d: %w", it.ID, err)
		}
		ref, prog := bpfRef{Link, uint32(it.ID)}, bpfRef{Program, uint32(info.Program)}
		g.names[ref] = g.names[prog]
		g.uses[ref] = []bpfRef{prog}
	}
	return it.Err()
}
