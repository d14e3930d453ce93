package system

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"bpfdb/results"

	"github.com/cilium/ebpf"
)

// Programs are the BPF programs the server holds, by name, and what the kernel made of them.
// A server that is not ours to look into, or has none, has none here.
func (s *Server) Programs() []results.BPFProgram { return programsOf(s.PID()) }

func programsOf(pid int) []results.BPFProgram {
	var programs []results.BPFProgram
	seen := map[string]bool{}
	for _, info := range fdInfo(pid) {
		id := info["prog_id"]
		if id == "" || seen[id] || info["link_type"] != "" {
			continue
		}
		seen[id] = true
		p := results.BPFProgram{Tag: info["prog_tag"], JITed: info["prog_jited"] == "1"}
		p.VerifiedInstructions, _ = strconv.ParseUint(info["verified_insns"], 10, 64)
		p.MemoryBytes, _ = strconv.ParseUint(info["memlock"], 10, 64)
		describe(id, &p)
		programs = append(programs, p)
	}
	slices.SortFunc(programs, func(a, b results.BPFProgram) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Tag, b.Tag))
	})
	return programs
}

// describe adds what only the program itself tells, to those who may ask.
func describe(id string, p *results.BPFProgram) {
	number, err := strconv.ParseUint(id, 10, 32)
	if err != nil {
		return
	}
	program, err := ebpf.NewProgramFromID(ebpf.ProgramID(number))
	if err != nil {
		return
	}
	defer program.Close()
	info, err := program.Info()
	if err != nil {
		return
	}
	p.Name, p.Type = info.Name, info.Type.String()
	if size, err := info.TranslatedSize(); err == nil {
		p.Instructions = uint64(size) / instructionBytes
	}
	if size, err := info.JitedSize(); err == nil {
		p.JITedBytes = uint64(size)
	}
}

// instructionBytes is the size of a BPF instruction (RFC 9669).
const instructionBytes = 8

// MapBytes is the memory that the BPF maps held by the server may take, as the kernel accounts
// for it; 0 when it holds none.
func (s *Server) MapBytes() (total uint64) {
	seen := map[string]bool{}
	for _, info := range fdInfo(s.PID()) {
		id := info["map_id"]
		if id == "" || seen[id] {
			continue
		}
		seen[id] = true
		bytes, _ := strconv.ParseUint(info["memlock"], 10, 64)
		total += bytes
	}
	return total
}

// ResidentBytes is what of the server's process lies in memory; 0 of a remote one.
func (s *Server) ResidentBytes() uint64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.PID()))
	if err != nil {
		return 0
	}
	kilobytes := strings.TrimSuffix(fields(string(text))["VmRSS"], " kB")
	number, _ := strconv.ParseUint(kilobytes, 10, 64)
	return number << 10
}

// fdInfo is what the kernel tells of each descriptor a process has open (proc_pid_fdinfo(5)).
func fdInfo(pid int) (all []map[string]string) {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fdinfo/*", pid))
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil { // it may be closed by now
			all = append(all, fields(string(text)))
		}
	}
	return all
}

// fields reads lines of "name: value".
func fields(text string) map[string]string {
	found := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(line, ":"); ok {
			found[name] = strings.TrimSpace(value)
		}
	}
	return found
}
