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
	"bpfdb/runners/system"
)

// How every system is loaded, whatever driver is measured: deep pipelines on a few
// connections, within the socket buffers of any server.
const (
	loadConnections = 8
	loadPipeline    = 16
)

// respVersion is what today's client libraries ask for.
const respVersion = 3

// deathNotice is how long a failed connection waits to learn that the server died.
const deathNotice = time.Second

// measure makes one trial against a server of its own. It returns what it has also with
// an error.
func measure(ctx context.Context, t plan.Trial, in system.Installation, out string) (results.Trial, error) {
	trial := newTrial(t)
	server, err := in.Start(ctx)
	if err != nil {
		return trial, err
	}
	err = measureServer(ctx, t, server, &trial, out)
	if stopErr := server.Stop(); err == nil {
		err = stopErr
	}
	return trial, err
}

func newTrial(t plan.Trial) results.Trial {
	return results.Trial{
		Cell: t.Cell, CellHash: t.CellHash, Round: t.Round, Order: t.Order, Seed: t.Seed,
		WarmupOps: t.WarmupOperations, Started: time.Now().UTC(),
	}
}

func measureServer(
	ctx context.Context, t plan.Trial, server *system.Server, trial *results.Trial, out string,
) error {
	config := driver.Config{
		Addr:        server.Addr,
		Driver:      t.Cell.Driver,
		Protocol:    respVersion,
		Connections: t.Cell.Connections,
		Pipeline:    t.Cell.Pipeline,
		Threads:     t.Cell.Threads,
		Workload:    t.Workload,
		Seed:        t.Seed,
		Operations:  t.Operations,
		Warmup:      driver.Warmup{Operations: t.WarmupOperations},
		Verify:      true,
	}
	if err := load(ctx, config, server); err != nil {
		return explain(ctx, err, server)
	}
	trial.ServerMemory = server.MemoryBytes(ctx)
	var before, after host.CPUTime
	var beforeErr, afterErr error
	config.Starting = func() {
		trial.Started = time.Now().UTC()
		before, beforeErr = host.ReadCPUTime(os.DirFS("/"))
	}
	config.Finished = func() { after, afterErr = host.ReadCPUTime(os.DirFS("/")) }
	result, err := driver.Run(ctx, config)
	if err != nil {
		return explain(ctx, err, server)
	}
	if err := errors.Join(beforeErr, afterErr); err != nil {
		return err
	}
	fill(trial, result)
	trial.CPU = after.Since(before, result.Ops)
	if trial.HistogramLog, err = writeHistograms(out, trial, result); err != nil {
		return err
	}
	return check(result)
}

// load inserts the records and makes sure that they are all there.
func load(ctx context.Context, config driver.Config, server *system.Server) error {
	if !config.Workload.HasData() {
		return nil
	}
	config.Driver, config.Threads = driver.Raw, 1
	config.Connections, config.Pipeline = loadConnections, loadPipeline
	result, err := driver.Load(ctx, config)
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	if result.Errors > 0 {
		return fmt.Errorf("load: %d of %d inserts failed, the first with: %s",
			result.Errors, result.Ops, result.FirstError)
	}
	count, err := server.KeyCount(ctx)
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	if count != config.Workload.Records {
		return fmt.Errorf("load: %w: the server holds %d keys, want %d",
			ErrWrongValues, count, config.Workload.Records)
	}
	return nil
}

// explain puts a server's death before the broken connection that followed from it.
func explain(ctx context.Context, err error, server *system.Server) error {
	select {
	case <-ctx.Done():
		return err
	case <-server.Died():
		return server.DeathError()
	case <-time.After(deathNotice):
		return err
	}
}

func fill(trial *results.Trial, result *driver.Result) {
	trial.OpStreamHash = fmt.Sprintf("%016x", result.OpStreamDigest())
	trial.Ops = result.Ops
	trial.DurationNS = result.ElapsedNS
	trial.ThroughputOps = float64(result.Ops) / (float64(result.ElapsedNS) / 1e9)
	trial.Errors = result.Errors
	trial.VerifyFailures = result.VerifyFailures
	trial.Misses = result.Misses
}

// check judges the answers. No mix deletes, so a key that is not there was lost.
func check(result *driver.Result) error {
	switch {
	case result.VerifyFailures > 0:
		return fmt.Errorf("%w: %d reads, the first: %s", ErrWrongValues,
			result.VerifyFailures, result.FirstVerifyFailure)
	case result.Misses > 0:
		return fmt.Errorf("%w: %d reads found no value for a key that was loaded",
			ErrWrongValues, result.Misses)
	case result.Errors > 0:
		return fmt.Errorf("%d of %d operations failed, the first with: %s",
			result.Errors, result.Ops, result.FirstError)
	}
	return nil
}
