package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"bpfdb/results"
	"bpfdb/runners/flame"
	"bpfdb/runners/perf"
	"bpfdb/runners/plan"
	"bpfdb/runners/system"
)

// frequencyHz is odd, so that samples do not fall in step with what is done every millisecond.
const frequencyHz = 499

// overtime is how much longer than planned a trial may take until perf ends by itself.
const overtime = 10 * time.Second

// profiler samples kernel, server and client together: of an in-kernel server most is done where no
// process is charged for it.
type profiler struct {
	tool      perf.Tool
	limit     time.Duration
	recording *perf.Recording
}

func newProfiler(ctx context.Context, t plan.Trial) (*profiler, error) {
	tool, err := perf.Find(ctx)
	return &profiler{tool: tool, limit: t.Duration + overtime}, err
}

func (p *profiler) begin(*system.Server) (err error) {
	p.recording, err = p.tool.Record(frequencyHz, p.limit)
	return err
}

func (p *profiler) end() error { return p.recording.Stop() }

func (p *profiler) close() error {
	if p.recording == nil {
		return nil
	}
	return p.recording.Close()
}

// report reads the samples: names are looked up when the trial is over.
func (p *profiler) report(ctx context.Context, trial *results.InstrumentedTrial, out string) error {
	stacks, err := p.recording.Stacks(ctx)
	if err != nil {
		return err
	}
	shares := stacks.Shares()
	profile := results.Profile{Perf: p.tool.Version, FrequencyHz: frequencyHz,
		Samples: shares.Samples, Idle: shares.Idle, User: shares.User, Kernel: shares.Kernel, BPF: shares.BPF,
		FlameGraph: instrumentFile(trial, ".svg"), Stacks: instrumentFile(trial, ".folded")}
	title := profileTitle(trial.Cell)
	err = writeFile(out, profile.FlameGraph, func(w io.Writer) error { return flame.Draw(w, title, stacks) })
	if err = errors.Join(err, writeFile(out, profile.Stacks, stacks.Write)); err != nil {
		return err
	}
	trial.Profile = &profile
	return nil
}

// profileTitle names the cell for people.
func profileTitle(c results.Cell) string {
	title := fmt.Sprintf("%s: %s, %s, %s", c.Experiment, c.Arm(), c.Workload, c.Distribution)
	if c.ValueBytes > 0 {
		title += fmt.Sprintf(", %d B values", c.ValueBytes)
	}
	title += fmt.Sprintf(", %d connections, pipeline %d", c.Connections, c.Pipeline)
	if c.Speed > 0 {
		title += fmt.Sprintf(", %g times as fast", c.Speed)
	}
	if c.RateOps > 0 {
		title += fmt.Sprintf(", %g operations/s", c.RateOps)
	}
	return title
}

// writeFile writes a file of the results directory, with the directories it lies in.
func writeFile(out, name string, write func(io.Writer) error) error {
	path := filepath.Join(out, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}
