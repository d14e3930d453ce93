package flame

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
)

// ErrScript means that a text is not what `perf script -F comm,ip,sym,dso` prints.
var ErrScript = errors.New("not the output of perf script")

// frameLine is an address, a symbol and where it lies: "  ffffffff8201e8de tcp_ack ([kernel.kallsyms])".
var frameLine = regexp.MustCompile(`^\s+([0-9a-f]+) (.+) \((.*)\)$`)

// bareLine is a sample without a call chain: its command is followed by the only frame.
var bareLine = regexp.MustCompile(`^(.+?)\s+([0-9a-f]{5,16}) (.+) \((.*)\)$`)

// maxLine bounds a line: mangled names are long, but not that long.
const maxLine = 1 << 20

// Fold reads samples: a line with the command, a line for each frame from the innermost out, and
// an empty line. An error wraps ErrScript and says in which line.
func Fold(r io.Reader) (Stacks, error) {
	stacks := Stacks{}
	var stack []string // innermost first; the command is the last to come
	command, number := "", 0
	finish := func() {
		if command != "" {
			slices.Reverse(stack)
			stacks[strings.Join(append([]string{command}, stack...), separator)]++
		}
		command, stack = "", nil
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		number++
		switch line := lines.Text(); {
		case strings.TrimSpace(line) == "":
			finish()
		case command == "":
			command = clean(strings.TrimSpace(line))
			if match := bareLine.FindStringSubmatch(line); match != nil {
				command, stack = clean(match[1]), []string{frame(match[2], match[3], match[4])}
			}
		default:
			match := frameLine.FindStringSubmatch(withoutDeleted(line))
			if match == nil {
				return nil, fmt.Errorf("line %d: %w: %q is no frame", number, ErrScript, line)
			}
			stack = append(stack, frame(match[1], match[2], match[3]))
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w: %w", number+1, ErrScript, err)
	}
	finish()
	return stacks, nil
}

// withoutDeleted leaves out what perf adds where the file of a program is gone.
func withoutDeleted(line string) string {
	if rest, found := strings.CutSuffix(line, " (deleted))"); found {
		return rest + ")"
	}
	return line
}

// program is the symbol of a BPF program: its tag, and its name where it has one.
var program = regexp.MustCompile(`^bpf_prog_[0-9a-f]{16}_(.+)$`)

// frame names a frame. Where no symbol is known the file stands in for it, without its directories.
func frame(address, symbol, file string) string {
	if match := program.FindStringSubmatch(symbol); match != nil {
		return clean(match[1]) + bpfMark
	}
	name := clean(symbol)
	if symbol == "[unknown]" {
		name = "[" + clean(strings.Trim(path.Base(file), "[]")) + "]"
	}
	if inKernel(address) {
		return name + kernelMark
	}
	return name
}

// inKernel tells by the address: the kernel has the upper half on every 64-bit architecture.
func inKernel(address string) bool {
	return len(address) == 16 && address[0] >= '8'
}

// clean keeps a name from being taken for two frames.
func clean(name string) string { return strings.ReplaceAll(name, separator, ":") }
