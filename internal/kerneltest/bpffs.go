package kerneltest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"bpfdb/internal/mounts"
)

// mounterPrefix begins the source of a BPF filesystem mounted by BPFFS; the process id follows.
const mounterPrefix = "kerneltest-"

// BPFFS mounts a BPF filesystem for the length of the test and returns where. What is pinned in it passes for
// held open by this process: tests of other packages, which may run at the same time, do not take it for a leak.
func BPFFS(t testing.TB) string {
	t.Helper()
	Require(t, Root)
	dir := t.TempDir()
	if err := unix.Mount(mounterPrefix+strconv.Itoa(os.Getpid()), dir, "bpf", 0, ""); err != nil {
		t.Fatalf("mount bpffs: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Errorf("unmount bpffs: %v", err)
		}
	})
	return dir
}

// mounter is the living process that mounted a BPF filesystem by BPFFS, if one has.
func mounter(m mounts.Mount) []process {
	text, ok := strings.CutPrefix(m.Source, mounterPrefix)
	pid, err := strconv.Atoi(text)
	if !ok || err != nil {
		return nil
	}
	comm, err := os.ReadFile(filepath.Join("/proc", text, "comm"))
	if err != nil {
		return nil
	}
	return []process{{pid, strings.TrimSpace(string(comm))}}
}

// pinnedAt is the map or program pinned at path and, of a map of maps, the maps in it, which are filled from the
// first on. What has vanished is nothing.
func pinnedAt(path string) (refs []bpfRef) {
	m, err := ebpf.LoadPinnedMap(path, &ebpf.LoadPinOptions{ReadOnly: true})
	if err != nil {
		return programAt(path)
	}
	defer m.Close()
	info, err := m.Info()
	if err != nil {
		return nil
	}
	if id, ok := info.ID(); ok {
		refs = append(refs, bpfRef{Map, uint32(id)})
	}
	if m.Type() != ebpf.ArrayOfMaps {
		return refs
	}
	for i := range m.MaxEntries() {
		var id uint32
		if m.Lookup(i, &id) != nil {
			break
		}
		refs = append(refs, bpfRef{Map, id})
	}
	return refs
}

func programAt(path string) []bpfRef {
	prog, err := ebpf.LoadPinnedProgram(path, &ebpf.LoadPinOptions{ReadOnly: true})
	if err != nil {
		return nil
	}
	defer prog.Close()
	info, err := prog.Info()
	if err != nil {
		return nil
	}
	id, _ := info.ID()
	return []bpfRef{{Program, uint32(id)}}
}

// addPins adds the pins, and to holders whoever has mounted the filesystem of what is pinned.
func (inv Inventory) addPins(g bpfGraph, holders map[bpfRef][]process) error {
	pins, err := listPins()
	if err != nil {
		return fmt.Errorf("list pins: %w", err)
	}
	for o, by := range pins {
		inv.owners[o] = by
		if by == nil {
			continue
		}
		held := map[bpfRef]bool{}
		for _, ref := range pinnedAt(o.ID) {
			g.reach(ref, held)
		}
		for ref := range held {
			holders[ref] = append(holders[ref], by...)
		}
	}
	return nil
}
