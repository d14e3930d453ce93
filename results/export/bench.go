package export

import (
	"fmt"
	"io"
	"reflect"
	"strings"

	"bpfdb/results"
)

// Bench writes the Go benchmark format (golang.org/design/14313-benchmark-format): one
// line per good trial, so that benchstat sees trials as repeats. The parts of a cell are
// name keys, for `benchstat -col /system`.
func Bench(w io.Writer, run *results.Run) error {
	e := run.Environment
	_, err := fmt.Fprintf(w, "goos: linux\ncpu: %s\nkernel: %s\ncommit: %s\nprofile: %s\n"+
		"Unit ops/s better=higher\nUnit p50-ns better=lower\nUnit p99-ns better=lower\nUnit cpu-ns/op better=lower\n\n",
		e.CPUModel, e.Kernel, e.GitCommit, run.Profile)
	if err != nil {
		return err
	}
	for i := range run.Trials {
		t := &run.Trials[i]
		all := t.All()
		if t.Failure != "" || all == nil {
			continue
		}
		_, err := fmt.Fprintf(w, "%s %d %.1f ns/op %.1f ops/s %d p50-ns %d p99-ns %.1f cpu-ns/op\n", benchName(t.Cell),
			t.Ops, float64(t.DurationNS)/float64(t.Ops), t.ThroughputOps, all.P50NS, all.P99NS, t.CPU.PerOpNS)
		if err != nil {
			return err
		}
	}
	return nil
}

// benchName is Benchmark, the experiment, and the cell's other parts as /key=value.
func benchName(c results.Cell) string {
	name := "Benchmark" + strings.ToUpper(c.Experiment[:min(1, len(c.Experiment))]) +
		c.Experiment[min(1, len(c.Experiment)):]
	for _, part := range singles("", reflect.ValueOf(c)) {
		if part.name != "experiment" && !part.value.IsZero() {
			name += "/" + part.name + "=" + strings.NewReplacer(" ", "_", "/", "_").Replace(text(part.value))
		}
	}
	return name
}
