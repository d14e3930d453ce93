package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"bpfdb/results"
	"bpfdb/runners/affinity"
	"bpfdb/runners/driver"
	"bpfdb/runners/fleet"
	"bpfdb/runners/host"
	"bpfdb/runners/plan"
	"bpfdb/runners/spec"
	"bpfdb/runners/system"
)

// window is the resolution of a trial's course, fineWindow that of one with a checkpoint,
// which may be over within a second.
const (
	window     = time.Second
	fineWindow = 100 * time.Millisecond
)

// configure is the load of a trial as the driver takes it.
func configure(t plan.Trial, addr string) driver.Config {
	config := driver.Config{
		Addr:        addr,
		Driver:      t.Cell.Driver,
		Protocol:    respVersion,
		Connections: t.Cell.Connections,
		Pipeline:    t.Cell.Pipeline,
		Threads:     t.Cell.Threads,
		Workload:    t.Workload,
		Mode:        t.Cell.Mode,
		Seed:        t.Seed,
		Operations:  t.Operations,
		Duration:    t.Duration,
		Rate:        t.Cell.RateOps,
		Arrival:     t.Cell.Arrival,
		Warmup:      t.Warmup,
		Window:      window,
		Verify:      true,
	}
	if t.Cell.Checkpoint {
		config.Window = fineWindow
	}
	return config
}

// pinClient keeps this process to the processors the trial gives its clients. Clients of a
// fleet inherit that where they are on this machine.
func pinClient(t plan.Trial) (unpin func() error, err error) {
	set, err := affinity.Parse(t.Cell.ClientCPUs)
	if err != nil {
		return nil, err
	}
	return set.PinProcess()
}

// measurement is the measured phase of a trial with the machine's processor time around it.
type measurement struct {
	trial   *results.Trial
	clients []string
	halfway checkpoint
	server  *system.Server
	with    instrument // nil in a trial that counts
	// renew, if set, makes the data new before a further run; inspect looks at them after one.
	renew   func() error
	inspect func(*driver.Result) error

	started       time.Time
	before, after host.CPUTime
}

// lose has the link lose so many packets, where the cell has loss.
func (m *measurement) lose(share float64) error {
	if m.trial.Cell.Loss == 0 {
		return nil
	}
	namespace := m.server.Place().Namespace
	if namespace == nil {
		return errors.New("a remote system's link is not ours: it cannot be made to lose packets")
	}
	return namespace.Lose(share)
}

// run makes one measurement, in this process or with a fleet.
func (m *measurement) run(ctx context.Context, config driver.Config) (*driver.Result, error) {
	var beginErr, beforeErr, afterErr, lossErr error
	config.Starting = func() {
		if m.with != nil {
			beginErr = m.with.begin(m.server)
		}
		m.started = time.Now().UTC()
		m.trial.Started = m.started
		m.before, beforeErr = host.ReadCPUTime(os.DirFS("/"))
		m.halfway.begin(ctx)
		lossErr = m.lose(m.trial.Cell.Loss)
	}
	config.Finished = func() {
		lossErr = errors.Join(lossErr, m.lose(0))
		m.after, afterErr = host.ReadCPUTime(os.DirFS("/"))
		if m.with != nil && beginErr == nil {
			afterErr = errors.Join(afterErr, m.with.end())
		}
	}
	var result *driver.Result
	var err error
	if len(m.clients) == 0 {
		result, err = driver.Run(ctx, config)
	} else {
		var commands [][]string
		if commands, err = workers(m.clients); err != nil {
			return nil, err
		}
		result, err = fleet.Run(ctx, config, commands)
	}
	written, checkpointErr := m.halfway.end(err != nil)
	if err := errors.Join(err, beginErr, beforeErr, afterErr, lossErr, checkpointErr); err != nil {
		return nil, err
	}
	if m.trial.Checkpoint = written; written != nil {
		m.trial.WindowNS = config.Window.Nanoseconds()
	}
	return result, nil
}

func (m *measurement) cpu(ops uint64) results.CPU { return m.after.Since(m.before, ops) }

// WorkerCommand is the subcommand of bench that fleets are made of.
const WorkerCommand = "worker"

// workers makes commands of what a spec names: `local`, or a command that ends in the bench
// of another place.
func workers(clients []string) ([][]string, error) {
	var commands [][]string
	for _, client := range clients {
		command := strings.Fields(client)
		if client == spec.LocalClient {
			self, err := os.Executable()
			if err != nil {
				return nil, err
			}
			command = []string{self}
		}
		commands = append(commands, append(command, WorkerCommand))
	}
	return commands, nil
}

// fill puts what was measured into the trial, but for latencies and processor time.
func fill(trial *results.Trial, result *driver.Result) {
	trial.OpStreamHash = fmt.Sprintf("%016x", result.OpStreamDigest())
	trial.Ops = result.Ops
	trial.DurationNS = result.ElapsedNS
	trial.ThroughputOps = float64(result.Ops) / (float64(result.ElapsedNS) / 1e9)
	trial.Errors = result.Errors
	trial.VerifyFailures = result.VerifyFailures
	trial.Misses = result.Misses
	trial.WarmupOps = result.Warmed.Operations
	trial.Warmup.Ops, trial.Warmup.NS = result.Warmed.Operations, result.Warmed.NS
	if trial.Warmup.Steady != nil {
		*trial.Warmup.Steady = result.Warmed.Steady
	}
	trial.Client.Own = result.Client.Own
	trial.Client.Busy, trial.Client.Saturated = result.Client.Busy, result.Client.Saturated
	if result.Open != nil {
		trial.Open = &results.OpenLoop{Lag: summarise(lagTag, result.Open.Lag), Held: result.Open.Held}
		for _, s := range serviceByKind(result.Open) {
			trial.Open.Service = append(trial.Open.Service, summarise(s.tag, s.histogram))
		}
	}
	for _, w := range result.Windows {
		seen := results.Window{Ops: w.Ops}
		if w.Hist != nil {
			seen.P50NS, seen.P99NS = w.Hist.ValueAtQuantile(50), w.Hist.ValueAtQuantile(99)
			seen.MaxNS = w.Hist.Max()
		}
		trial.Windows = append(trial.Windows, seen)
	}
}
