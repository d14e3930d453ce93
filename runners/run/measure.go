package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bpfdb/results"
	"bpfdb/runners/driver"
	"bpfdb/runners/host"
	"bpfdb/runners/plan"
	"bpfdb/runners/system"
	"bpfdb/workloads"
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
// an error. The inspection, if given, is filled in; the instrument, if given, looks on.
func measure(
	ctx context.Context, t plan.Trial, in system.Installation, out string, look *inspection, with instrument,
) (_ results.Trial, failure error) {
	trial := newTrial(t)
	place, leave, err := locate(t)
	if err != nil {
		return trial, err
	}
	defer func() { failure = errors.Join(failure, leave()) }()
	server, err := in.StartAt(ctx, place)
	if err != nil {
		return trial, err
	}
	if look != nil {
		look.settings, look.programs = server.Observe(ctx), server.Programs()
		if place.Namespace != nil {
			look.device = place.Namespace.Peer()
			look.offloads = host.ReadOffloads(look.device)
		}
	}
	err = measurePinned(ctx, t, server, &trial, out, with)
	if stopErr := server.Stop(); err == nil {
		err = stopErr
	}
	return trial, err
}

// measurePinned keeps the clients to their processors while they work; the server, which
// would inherit them, runs by then.
func measurePinned(
	ctx context.Context, t plan.Trial, server *system.Server, trial *results.Trial, out string, with instrument,
) error {
	unpin, err := pinClient(t)
	if err != nil {
		return err
	}
	return errors.Join(measureServer(ctx, t, server, trial, out, with), unpin())
}

func newTrial(t plan.Trial) results.Trial {
	trial := results.Trial{
		Cell: t.Cell, CellHash: t.CellHash, Round: t.Round, Order: t.Order, Seed: t.Seed,
		WarmupOps: t.WarmupOperations, Started: time.Now().UTC(), Warmup: &results.Warmup{},
	}
	if t.Warmup.Steady != (driver.Steady{}) {
		trial.Warmup.Steady = new(bool)
	}
	if len(t.Clients) > 1 {
		trial.Client.Processes = len(t.Clients)
	}
	return trial
}

func measureServer(
	ctx context.Context, t plan.Trial, server *system.Server, trial *results.Trial, out string, with instrument,
) error {
	if t.Cell.Mode != "" {
		return measureTransactions(ctx, t, server, trial, out, with)
	}
	config := configure(t, server.Addr)
	if t.Trace != nil {
		if err := readTrace(t, &config, trial); err != nil {
			return err
		}
	}
	trial.ServerEmpty = server.MemoryBytes(ctx)
	trial.ServerEmptyResident, trial.ServerEmptyMaps = server.ResidentBytes(), server.MapBytes()
	if err := load(ctx, config, server); err != nil {
		return explain(ctx, err, server)
	}
	trial.ServerMemory = server.MemoryBytes(ctx)
	trial.ServerResident, trial.ServerMaps = server.ResidentBytes(), server.MapBytes()
	if t.Cell.Stop != "" {
		return measureRecovery(ctx, t, server, trial, out)
	}
	m := &measurement{trial: trial, clients: t.Clients, server: server, with: with}
	if t.Cell.Checkpoint {
		m.halfway = checkpoint{server: server, after: t.Duration / 2}
	}
	var result *driver.Result
	var err error
	if t.SLO == nil {
		result, err = m.run(ctx, config)
	} else {
		result, err = m.search(ctx, config, t.SLO)
	}
	if err != nil {
		return explain(ctx, err, server)
	}
	fill(trial, result)
	if trial.DiskBytes, err = server.DiskBytes(); err != nil {
		return err
	}
	trial.ClampedShare = workloads.NewSizes(t.Workload).ClampedShare()
	trial.CPU = m.cpu(result.Ops)
	if trial.HistogramLog, err = writeHistograms(out, trial, byKind(result)); err != nil {
		return err
	}
	if trial.WindowLog, err = writeWindows(out, trial, result.Windows); err != nil {
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

// check judges the answers. No mix deletes, and what a trace deletes is not counted as a miss: a
// key that is not there was lost.
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
