package kerneltest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// process is a living process that has an object open.
type process struct {
	pid  int
	comm string
}

// fdinfoFields names the line by which /proc/PID/fdinfo gives the id of an open BPF object. A
// link's fdinfo carries its prog_id too, which is right: whoever holds the link holds the program.
var fdinfoFields = map[string]Kind{"prog_id": Program, "map_id": Map, "link_id": Link}

// bpfHolders finds who keeps each object alive through file descriptors, directly or through an
// object that uses it: a loader may close its map descriptors once a program refers to the maps.
func bpfHolders(g bpfGraph) (map[bpfRef][]process, error) {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	holders := map[bpfRef][]process{}
	for _, dir := range dirs {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		held := map[bpfRef]bool{}
		for _, ref := range openBPF(dir) {
			g.reach(ref, held)
		}
		if len(held) == 0 {
			continue
		}
		comm, _ := os.ReadFile(filepath.Join(dir, "comm"))
		for ref := range held {
			holders[ref] = append(holders[ref], process{pid, strings.TrimSpace(string(comm))})
		}
	}
	return holders, nil
}

func (g bpfGraph) reach(ref bpfRef, seen map[bpfRef]bool) {
	if seen[ref] {
		return
	}
	seen[ref] = true
	for _, used := range g.uses[ref] {
		g.reach(used, seen)
	}
}

// openBPF lists a process's open BPF objects. Processes and descriptors vanish while being read,
// so whatever cannot be read is taken as gone.
func openBPF(procDir string) []bpfRef {
	links, _ := filepath.Glob(filepath.Join(procDir, "fd", "*"))
	var refs []bpfRef
	for _, fd := range links {
		target, err := os.Readlink(fd)
		if err != nil || !strings.Contains(target, "bpf") {
			continue
		}
		text, _ := os.ReadFile(filepath.Join(procDir, "fdinfo", filepath.Base(fd)))
		refs = append(refs, parseFDInfo(string(text))...)
	}
	return refs
}

func parseFDInfo(text string) []bpfRef {
	var refs []bpfRef
	for line := range strings.Lines(text) {
		field, value, _ := strings.Cut(line, ":")
		kind, ok := fdinfoFields[field]
		if !ok {
			continue
		}
		if id, err := strconv.ParseUint(strings.TrimSpace(value), 10, 32); err == nil {
			refs = append(refs, bpfRef{kind, uint32(id)})
		}
	}
	return refs
}

// ourProcesses is this process and its living descendants.
func ourProcesses() map[int]bool {
	parents := map[int]int{}
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		text, _ := os.ReadFile(filepath.Join(dir, "status"))
		var parent int
		if _, after, ok := strings.Cut(string(text), "\nPPid:"); ok {
			fmt.Sscan(after, &parent)
		}
		parents[pid] = parent
	}
	ours := map[int]bool{}
	for pid := range parents {
		// Ids can be reused while being read; the bound keeps a resulting loop harmless.
		for p, hops := pid, 0; p > 0 && hops < len(parents); p, hops = parents[p], hops+1 {
			if p == os.Getpid() {
				ours[pid] = true
			}
		}
	}
	ours[os.Getpid()] = true
	return ours
}
