// Package bpfload loads collections of BPF programs with all processors.
package bpfload

import (
	"cmp"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"

	"github.com/cilium/ebpf"
)

// Load does what ebpf.NewCollectionWithOptions does, but has the kernel verify as many programs at once as there are
// processors: that takes most of the time. Programs in the initial contents of maps must be of the spec.
func Load(spec *ebpf.CollectionSpec, options ebpf.CollectionOptions) (*ebpf.Collection, error) {
	empty := withoutPrograms(spec.Maps)
	whole, err := ebpf.NewCollectionWithOptions(&ebpf.CollectionSpec{
		Maps: empty, Variables: spec.Variables, Types: spec.Types, ByteOrder: spec.ByteOrder,
	}, options)
	if err != nil {
		return nil, err
	}
	shares := divide(spec.Programs, runtime.GOMAXPROCS(0))
	parts, errs := make([]*ebpf.Collection, len(shares)), make([]error, len(shares))
	var loading sync.WaitGroup
	for i, share := range shares {
		loading.Go(func() {
			parts[i], errs[i] = ebpf.NewCollectionWithOptions(&ebpf.CollectionSpec{
				Maps: empty, Programs: share, Types: spec.Types, ByteOrder: spec.ByteOrder,
			}, ebpf.CollectionOptions{Maps: options.Maps, Programs: options.Programs, MapReplacements: whole.Maps})
		})
	}
	loading.Wait()
	for _, part := range parts {
		if part == nil {
			continue
		}
		for name := range part.Programs {
			whole.Programs[name] = part.DetachProgram(name)
		}
		part.Close()
	}
	if err := cmp.Or(errs...); err != nil { // one is enough: a verifier's log is long
		whole.Close()
		return nil, err
	}
	if err := fill(whole, spec.Maps); err != nil {
		whole.Close()
		return nil, err
	}
	return whole, nil
}

// withoutPrograms leaves the contents out of maps of programs, which are not loaded yet.
func withoutPrograms(specs map[string]*ebpf.MapSpec) map[string]*ebpf.MapSpec {
	specs = maps.Clone(specs)
	for name, spec := range specs {
		if spec.Type == ebpf.ProgramArray {
			spec = spec.Copy()
			spec.Contents = nil
			specs[name] = spec
		}
	}
	return specs
}

// divide shares programs out, the longest first, so that each share takes about as long to verify.
func divide(specs map[string]*ebpf.ProgramSpec, shares int) []map[string]*ebpf.ProgramSpec {
	divided, lengths := make([]map[string]*ebpf.ProgramSpec, shares), make([]int, shares)
	for i := range divided {
		divided[i] = map[string]*ebpf.ProgramSpec{}
	}
	names := slices.SortedFunc(maps.Keys(specs), func(a, b string) int {
		return cmp.Or(len(specs[b].Instructions)-len(specs[a].Instructions), cmp.Compare(a, b))
	})
	for _, name := range names {
		shortest := slices.Index(lengths, slices.Min(lengths))
		divided[shortest][name] = specs[name]
		lengths[shortest] += len(specs[name].Instructions)
	}
	return divided
}

// fill puts programs into the maps that were to begin with them.
func fill(c *ebpf.Collection, specs map[string]*ebpf.MapSpec) error {
	for name, spec := range specs {
		if spec.Type != ebpf.ProgramArray {
			continue
		}
		for _, entry := range spec.Contents {
			program, _ := entry.Value.(string)
			if c.Programs[program] == nil {
				return fmt.Errorf("map %s: entry %v: no program %v", name, entry.Key, entry.Value)
			}
			if err := c.Maps[name].Put(entry.Key, c.Programs[program]); err != nil {
				return fmt.Errorf("map %s: entry %v: %w", name, entry.Key, err)
			}
		}
	}
	return nil
}
