package run_test

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bpfdb/internal/kerneltest"
	"bpfdb/plots/summary"
	"bpfdb/results"
	"bpfdb/runners/plan"
	"bpfdb/runners/run"
	"bpfdb/runners/spec"
	"bpfdb/runners/system"
	"bpfdb/runners/system/systemtest"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"
)

// instrumented plans a measured trial of each system and one that looks inside, a moment long.
func instrumented(t *testing.T, instrument string, systems ...system.Definition) plan.Plan {
	t.Helper()
	p, err := plan.New([]spec.Spec{{
		File: "e.yaml", Name: "e", Title: "Test", Theta: 0.99, Workloads: []string{"ycsb-a"},
		Distributions: []string{"zipfian"}, ValueBytes: []int{100}, Driver: "raw", Threads: 1,
		Connections: []int{2}, Pipeline: []int{1}, Systems: systems, Instruments: []string{instrument},
		Profiles: map[string]spec.Size{"quick": {Records: 100, Operations: 500, Rounds: 1}},
	}}, plan.Options{Profile: "quick"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Instrumented {
		p.Instrumented[i].Duration, p.Instrumented[i].Warmup.Duration = time.Second, 10*time.Millisecond
	}
	return p
}

// lookInto carries the plan out and reads what it has left, with temporary files in a place of
// their own, where none may remain.
func lookInto(t *testing.T, p plan.Plan) (dir string, r *results.Run) {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	dir = t.TempDir()
	if _, err := run.Run(t.Context(), p, dir, observer{}); err != nil {
		t.Fatal(err)
	}
	r, err := results.ReadRun(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Trials) != len(p.Trials) || len(r.Instrumented) != len(p.Instrumented) || r.Finished.IsZero() {
		t.Fatalf("%d trials and %d that look inside", len(r.Trials), len(r.Instrumented))
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "bench-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if logs, _ := filepath.Glob(filepath.Join(dir, "trials", "*.hlog")); len(logs) != 2*len(r.Trials) {
		t.Errorf("%d histogram logs for %d measured trials", len(logs), len(r.Trials))
	}
	return dir, r
}

// fakePerf puts a perf on PATH that knows one stack, or none.
func fakePerf(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if script != "" {
		if err := os.WriteFile(filepath.Join(dir, "perf"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
			t.Fatal(err)
		}
		dir += ":/usr/bin:/bin"
	}
	t.Setenv("PATH", dir)
}

func TestPerfTrial(t *testing.T) {
	fakePerf(t, `case "$1" in
--version) echo perf version 0 ;;
record)
	trap 'echo data > "$FILE"; exit' INT
	while [ $# -gt 0 ]; do [ "$1" != --output ] || FILE="$2"; shift; done
	while :; do sleep 0.02; done ;;
script) printf 'server \n\tffffffff81000020 tcp_recv ([kernel.kallsyms])\n\t401000 serve (/bin/server)\n\n' ;;
esac
`)
	dir, r := lookInto(t, instrumented(t, results.InstrumentPerf, good("one"), good("two")))
	for i, trial := range r.Instrumented {
		p := trial.Profile
		if trial.Failure != "" || p == nil || p.Samples != 1 || p.Kernel != 1 || trial.Ops == 0 ||
			trial.CPU.BusyNS == 0 {
			t.Fatalf("trial %+v, profile %+v", trial, p)
		}
		if folded, err := os.ReadFile(filepath.Join(dir, p.Stacks)); string(folded) != "server;serve;tcp_recv_[k] 1\n" {
			t.Errorf("stacks %q, %v", folded, err)
		}
		drawing, err := os.Open(filepath.Join(dir, p.FlameGraph))
		if err != nil {
			t.Fatal(err)
		}
		defer drawing.Close()
		for decoder := xml.NewDecoder(drawing); err == nil; {
			_, err = decoder.Token()
		}
		if !errors.Is(err, io.EOF) || trial.Order != i {
			t.Errorf("trial %d: the drawing is not XML: %v", trial.Order, err)
		}
	}
	// What is shown of the measured trials is as if there were no others.
	alone := *r
	alone.Instrumented = nil
	with, err1 := summary.New([]*results.Run{r}, nil)
	without, err2 := summary.New([]*results.Run{&alone}, nil)
	if err1 != nil || err2 != nil || with.Panels[0].Trials() != without.Panels[0].Trials() {
		t.Errorf("%v, %v, %s", err1, err2, with.Panels[0].Trials())
	}
}

// Where perf is not installed, the trials say so, no server is started, and the run is good.
func TestPerfNotInstalled(t *testing.T) {
	fakePerf(t, "")
	_, r := lookInto(t, instrumented(t, results.InstrumentPerf, good("one")))
	trial := r.Instrumented[0]
	if !strings.Contains(trial.NotInstalled, "perf is not installed") || trial.Failure != "" || trial.Ops != 0 {
		t.Errorf("trial %+v", trial)
	}
}

// stopper ends a run a moment after an instrumented trial has begun.
type stopper struct {
	observer
	stop context.CancelFunc
}

func (s stopper) Starting(t plan.Trial) {
	if t.Instrument != "" {
		time.AfterFunc(300*time.Millisecond, s.stop)
	}
}

// Ctrl-C in an instrumented trial leaves no perf behind, and the run as measured; resumed, it looks.
// What has run without instruments can be looked into later, too.
func TestInstrumentsResume(t *testing.T) {
	pid := filepath.Join(t.TempDir(), "pid")
	fakePerf(t, `case "$1" in
record) echo $$ > `+pid+`; while :; do sleep 0.02; done ;;
esac
`)
	t.Setenv("TMPDIR", t.TempDir())
	p, out := instrumented(t, results.InstrumentPerf, good("one")), t.TempDir()
	p.Instrumented[0].Duration = 20 * time.Second
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r, err := run.Run(ctx, p, out, stopper{stop: stop})
	if !errors.Is(err, context.Canceled) || len(r.Trials) != 1 || len(r.Instrumented) != 0 || !r.Finished.IsZero() {
		t.Fatalf("%v, %d trials, %d instrumented", err, len(r.Trials), len(r.Instrumented))
	}
	text, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("/proc/" + strings.TrimSpace(string(text))); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("perf still runs: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "bench-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	fakePerf(t, "exit 1\n") // as where the package for the kernel is missing
	r, err = run.Resume(t.Context(), p, out, observer{})
	if err != nil || len(r.Trials) != 1 || len(r.Instrumented) != 1 {
		t.Errorf("resumed: %v, %+v", err, r)
	}
	other := instrumented(t, results.InstrumentBPF, good("one"))
	if _, err = run.Resume(t.Context(), other, out, observer{}); !errors.Is(err, run.ErrOtherRun) {
		t.Errorf("with another instrument: %v, want ErrOtherRun", err)
	}
}

// A perf that may not sample fails its trial and nothing else.
func TestPerfFails(t *testing.T) {
	fakePerf(t, "[ \"$1\" = --version ] || { echo no permission >&2; exit 1; }\n")
	_, r := lookInto(t, instrumented(t, results.InstrumentPerf, good("one")))
	if trial := r.Instrumented[0]; !strings.Contains(trial.Failure, "no permission") || r.Trials[0].Failure != "" {
		t.Errorf("trial %+v", trial)
	}
}

// What a program took is counted from the beginning of the measured phase on, and afterwards the
// kernel counts no more. A server without programs has none to show.
func TestProgramTimes(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root)
	filtering := systemtest.Definition("filtering", systemtest.Filtering)
	_, r := lookInto(t, instrumented(t, results.InstrumentBPF, filtering, good("plain")))
	for _, trial := range r.Instrumented {
		if trial.Cell.System == "plain" {
			if trial.Failure != "" || len(trial.Programs) != 0 || trial.Ops == 0 {
				t.Errorf("without programs: %+v", trial)
			}
			continue
		}
		if trial.Failure != "" || len(trial.Programs) != 1 {
			t.Fatalf("trial %+v", trial)
		}
		p := trial.Programs[0]
		// With a pipeline of one each operation is a packet; that of its reply's acknowledgement may follow.
		if p.Name != systemtest.FilterName || p.Type != "SocketFilter" ||
			p.Runs < trial.Ops*9/10 || p.Runs > trial.Ops*3 || p.RunTimeNS == 0 ||
			p.PerRunNS != float64(p.RunTimeNS)/float64(p.Runs) ||
			p.PerOpNS != float64(p.RunTimeNS)/float64(trial.Ops) {
			t.Errorf("%d operations: %+v", trial.Ops, p)
		}
	}
	if counts(t) {
		t.Error("the kernel still counts runs")
	}
}

// counts tells whether the kernel counts what programs take, other than by the sysctl, which
// somebody may have set.
func counts(t *testing.T) bool {
	t.Helper()
	text, err := os.ReadFile("/proc/sys/kernel/bpf_stats_enabled")
	if err != nil || strings.TrimSpace(string(text)) != "0" {
		t.Logf("kernel.bpf_stats_enabled is %q, %v: nothing to tell by", text, err)
		return false
	}
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.SocketFilter, License: "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()}})
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(ends[0])
	defer unix.Close(ends[1])
	if err := unix.SetsockoptInt(ends[1], unix.SOL_SOCKET, unix.SO_ATTACH_BPF, program.FD()); err != nil {
		t.Fatal(err)
	}
	_, _ = unix.Write(ends[0], []byte("x")) // the program drops it
	stats, err := program.Stats()
	if err != nil {
		t.Fatal(err)
	}
	return stats.RunCount > 0
}
