package flame

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Stacks counts samples by stack. A stack is the folded format that flame graph tools read: the
// command, then the frames from the outermost in, joined by semicolons. Frames of the kernel end
// in kernelMark and those of BPF programs in bpfMark.
type Stacks map[string]uint64

const (
	separator  = ";"
	kernelMark = "_[k]" // as stackcollapse-perf.pl has it
	bpfMark    = "_[bpf]"
)

// idleCommand is what perf calls a processor that has nothing to run. What interrupts that are
// served meanwhile, softirqs among them, is work: a function on their way has interruptMark.
const (
	idleCommand   = "swapper"
	interruptMark = "irq"
)

// Write writes a line for each stack, in the order of their text: "command;outer;inner count".
func (s Stacks) Write(w io.Writer) error {
	buffered := bufio.NewWriter(w)
	for _, stack := range slices.Sorted(maps.Keys(s)) {
		fmt.Fprintf(buffered, "%s %d\n", stack, s[stack])
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("folded stacks: %w", err)
	}
	return nil
}

// Shares says where the processors were, in samples, by the innermost frame.
type Shares struct {
	Samples uint64 // all of them
	Idle    uint64 // of processors with nothing to run
	Kernel  uint64 // but for what BPF programs took
	BPF     uint64
	User    uint64
}

// Shares sorts the samples by what was running.
func (s Stacks) Shares() Shares {
	var found Shares
	for stack, count := range s {
		found.Samples += count
		switch command, _, _ := strings.Cut(stack, separator); {
		case command == idleCommand && !strings.Contains(stack, interruptMark) && !strings.HasSuffix(stack, bpfMark):
			found.Idle += count
		case strings.HasSuffix(stack, bpfMark):
			found.BPF += count
		case strings.HasSuffix(stack, kernelMark):
			found.Kernel += count
		default:
			found.User += count
		}
	}
	return found
}
