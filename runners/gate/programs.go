package gate

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/rlimit"
)

// objects is where a source tree keeps its compiled kernel objects; tests' are left out.
const objects = "engine"

// programInstructions loads every program of a source tree's kernel objects and returns
// how many instructions the verifier walked through in each, by object and program. They
// are loaded apart from any engine and attached to nothing.
func programInstructions(tree string) (map[string]float64, error) {
	if err := rlimit.RemoveMemlock(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	counts := map[string]float64{}
	root := filepath.Join(tree, objects)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_bpfel.o") {
			return err
		}
		return countProgram(path, strings.TrimSuffix(filepath.Base(path), "_x86_bpfel.o"), counts)
	})
	if err == nil && len(counts) == 0 {
		err = fmt.Errorf("no kernel objects in %s", root)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	return counts, nil
}

func countProgram(path, object string, counts map[string]float64) error {
	spec, err := ebpf.LoadCollectionSpec(path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	collection, err := ebpf.NewCollection(spec)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer collection.Close()
	for name, program := range collection.Programs {
		info, err := program.Info()
		if err != nil {
			return fmt.Errorf("%s: %s: %w", path, name, err)
		}
		verified, known := info.VerifiedInstructions()
		if !known {
			return fmt.Errorf("%s: %s: the kernel does not tell its verified instructions", path, name)
		}
		counts[object+"/"+name] = float64(verified)
	}
	return nil
}
