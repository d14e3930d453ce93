package gate

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// benchmarkPackages hold the benchmarks of what the client does for every operation; a
// tree need not have them all. Each is iterated often enough for setting up to vanish.
var benchmarkPackages = []string{"./workloads/...", "./runners/driver/..."}

const benchmarkIterations = "5000x"

// benchmarkLine is one result of `go test -benchmem`; the number of processors that ends
// its name is left out.
var benchmarkLine = regexp.MustCompile(`^(Benchmark\S+?)(?:-\d+)?\s.*\s(\d+) allocs/op`)

// allocations runs the benchmarks of a source tree and returns the allocations per
// operation, by package and benchmark.
func allocations(ctx context.Context, tree string) (map[string]float64, error) {
	arguments := append([]string{"test", "-run=^$", "-bench=.", "-benchmem", "-benchtime=" + benchmarkIterations,
		"-timeout=5m"}, benchmarkPackages...)
	text, err := output(exec.CommandContext(ctx, "go", arguments...), tree)
	if err != nil {
		return nil, err
	}
	counts, err := parseAllocations(text)
	if err == nil && len(counts) == 0 {
		err = fmt.Errorf("%w: no benchmark in %s of %s", ErrBroken, strings.Join(benchmarkPackages, ", "), tree)
	}
	return counts, err
}

func parseAllocations(text string) (map[string]float64, error) {
	counts := map[string]float64{}
	where := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if name, found := strings.CutPrefix(line, "pkg: "); found {
			where = name
			continue
		}
		match := benchmarkLine.FindStringSubmatch(line)
		if match == nil {
			continue
		}
		count, err := strconv.ParseFloat(match[2], 64)
		if err != nil {
			return nil, fmt.Errorf("%w: %q: %w", ErrBroken, line, err)
		}
		counts[where+"."+match[1]] = count
	}
	return counts, nil
}
