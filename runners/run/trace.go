package run

import (
	"fmt"
	"time"

	"bpfdb/results"
	"bpfdb/runners/driver"
	"bpfdb/runners/plan"
	"bpfdb/runners/tracefile"
	"bpfdb/workloads/trace"
)

// readTrace makes the load of a trial that of its trace, and notes what was taken from it. It
// does so before anything is timed: a trace is kept in memory as far as it is replayed.
func readTrace(t plan.Trial, config *driver.Config, trial *results.Trial) error {
	replay, err := newReplay(t)
	if err != nil {
		return fmt.Errorf("trace: %w", err)
	}
	config.Trace, config.Speed = replay, t.Cell.Speed
	config.Arrival, config.Warmup = "", driver.Warmup{}
	config.Operations, config.Duration = 0, 0
	config.Workload.Records = replay.Loads()
	trial.Trace = describeTrace(t.Trace.Source(), replay.Report())
	return nil
}

// newReplay reads what the trial needs of its trace: so many operations, or at a speed as much
// of the trace's time as goes into the trial's.
func newReplay(t plan.Trial) (*trace.Replay, error) {
	part := trace.Part{WarmupRequests: t.Warmup.Operations, Requests: t.Operations}
	if t.Cell.Speed > 0 {
		part = trace.Part{
			WarmupTime: traceTime(t.Warmup.Duration, t.Cell.Speed), Time: traceTime(t.Duration, t.Cell.Speed),
		}
	}
	if t.Trace.File == "" {
		source, err := t.Trace.Synthetic.NewSource()
		if err != nil {
			return nil, err
		}
		return trace.New(source, part)
	}
	file, err := tracefile.Open(t.Trace.Path())
	if err != nil {
		return nil, err
	}
	defer file.Close() // it was only read
	replay, err := trace.New(file, part)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Trace.File, err)
	}
	return replay, nil
}

// traceTime is what of a trace's time passes in a span of real time.
func traceTime(real time.Duration, speed float64) time.Duration {
	return time.Duration(float64(real) * speed)
}

func describeTrace(source string, report trace.Report) *results.Trace {
	described := &results.Trace{
		Source: source, LinesSHA256: report.SHA256, Lines: report.Lines, SpanNS: report.Span.Nanoseconds(),
		Keys: report.Keys, Loaded: report.Loaded, AbsentReads: report.AbsentReads, TTLIgnored: report.TTLIgnored,
		CutValues: report.CutValues, LongKeys: report.LongKeys, OtherSizes: report.OtherSizes,
		Unordered: report.Unordered, Operations: []results.TraceOperation{},
	}
	for o, count := range report.Operations {
		if count == (trace.Count{}) {
			continue
		}
		meaning := trace.Operations[o]
		described.Operations = append(described.Operations, results.TraceOperation{
			Operation: meaning.Name, Command: meaning.Command, Sent: count.Sent, Skipped: count.Skipped,
			Differs: meaning.Differs,
		})
	}
	return described
}
