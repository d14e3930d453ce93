package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"bpfdb/results"
	"bpfdb/runners/driver"
	"bpfdb/runners/host"
	"bpfdb/runners/plan"
	"bpfdb/runners/spec"
	"bpfdb/runners/system"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// How a server that answers again is asked for the number of its keys: it may still be busy
// with them.
const (
	recountPoll    = 2 * time.Millisecond
	recountTimeout = time.Minute
)

// measureRecovery ends the loaded server, starts it again and takes the time until it has its
// records back; then it reads every one of them.
func measureRecovery(
	ctx context.Context, t plan.Trial, server *system.Server, trial *results.Trial, out string,
) error {
	config := configure(t, server.Addr)
	before, beforeErr := host.ReadCPUTime(os.DirFS("/"))
	trial.Started = time.Now().UTC()
	stopped, ready, err := server.Restart(ctx, t.Cell.Stop == spec.StopKill)
	if err := errors.Join(err, beforeErr); err != nil {
		return err
	}
	keys, counting, err := recount(ctx, server, t.Workload.Records, server.Promises(t.Cell.Stop == spec.StopKill))
	if err != nil {
		return explain(ctx, err, server)
	}
	after, err := host.ReadCPUTime(os.DirFS("/"))
	if err != nil {
		return err
	}
	if trial.DiskBytes, err = server.DiskBytes(); err != nil {
		return err
	}
	took := ready + counting
	trial.Recovery = &results.Recovery{StopNS: stopped.Nanoseconds(), NS: took.Nanoseconds(),
		Lost: t.Workload.Records - keys}
	trial.Ops, trial.DurationNS = keys, took.Nanoseconds()
	trial.ThroughputOps = float64(keys) / took.Seconds()
	trial.CPU = after.Since(before, max(keys, 1))
	once := hdrhistogram.New(1, time.Hour.Nanoseconds(), 3)
	if err := once.RecordValue(took.Nanoseconds()); err != nil {
		return err
	}
	if trial.HistogramLog, err = writeHistograms(out, trial, []tagged{{allTag, once}}); err != nil {
		return err
	}
	if keys == 0 {
		return fmt.Errorf("all %d records are gone after %s, which %s does not promise to keep", t.Workload.Records,
			t.Cell.Stop, t.Cell.System)
	}
	return readAll(ctx, config, server, trial)
}

// recount asks until the server holds what was loaded. One that may have lost some is
// believed at once.
func recount(ctx context.Context, server *system.Server, want uint64, all bool) (uint64, time.Duration, error) {
	begun := time.Now()
	for {
		count, err := server.KeyCount(ctx)
		took := time.Since(begun)
		switch {
		case err != nil:
			return 0, took, err
		case count > want:
			return count, took, fmt.Errorf("%w: %d keys after the restart, want %d", ErrWrongValues, count, want)
		case count == want || !all:
			return count, took, nil
		case took > recountTimeout:
			return count, took, fmt.Errorf("%w: %d keys of %d after the restart", ErrWrongValues, count, want)
		}
		select {
		case <-ctx.Done():
			return count, took, ctx.Err()
		case <-time.After(recountPoll):
		}
	}
}

// readAll reads every record once and checks its value. Those that the trial counts as lost
// may be missing.
func readAll(ctx context.Context, config driver.Config, server *system.Server, trial *results.Trial) error {
	result, err := driver.ReadBack(ctx, config)
	if err != nil {
		return explain(ctx, err, server)
	}
	trial.OpStreamHash = fmt.Sprintf("%016x", result.OpStreamDigest())
	trial.VerifyFailures, trial.Errors = result.VerifyFailures, result.Errors
	trial.Misses = result.Misses
	if result.Misses == trial.Recovery.Lost {
		result.Misses = 0
	}
	return check(result)
}
