package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"bpfdb/results"
	"bpfdb/runners/host"
	"bpfdb/runners/plan"
	"bpfdb/runners/system"
	"bpfdb/runners/transaction"
	"bpfdb/runners/transactor"
	"bpfdb/workloads"
)

// measureTransactions makes a trial of a transactional workload: load, run, read back.
func measureTransactions(
	ctx context.Context, t plan.Trial, server *system.Server, trial *results.Trial, out string,
) error {
	config := transactor.Config{
		Addr:             server.Addr,
		Protocol:         respVersion,
		Connections:      t.Cell.Connections,
		Threads:          t.Cell.Threads,
		Workload:         t.Workload,
		Mode:             t.Cell.Mode,
		Seed:             t.Seed,
		Operations:       t.Operations,
		WarmupOperations: t.WarmupOperations,
	}
	trial.ServerEmpty = server.MemoryBytes(ctx)
	if err := loadDataset(ctx, config, server); err != nil {
		return explain(ctx, err, server)
	}
	trial.ServerMemory = server.MemoryBytes(ctx)
	trial.ServerResident, trial.ServerMaps = server.ResidentBytes(), server.MapBytes()
	unpin, err := pinClient(t)
	if err != nil {
		return err
	}
	var before, after host.CPUTime
	var beforeErr, afterErr error
	config.Starting = func() {
		trial.Started = time.Now().UTC()
		before, beforeErr = host.ReadCPUTime(os.DirFS("/"))
	}
	config.Finished = func() { after, afterErr = host.ReadCPUTime(os.DirFS("/")) }
	result, err := transactor.Run(ctx, config)
	if err := errors.Join(err, unpin()); err != nil {
		return explain(ctx, err, server)
	}
	if err := errors.Join(beforeErr, afterErr); err != nil {
		return err
	}
	fillTransactions(trial, result)
	trial.WarmupOps, trial.Warmup.Ops = t.WarmupOperations, t.WarmupOperations
	trial.Client.Busy = float64(result.ClientCPUNS) / float64(result.ElapsedNS) / float64(t.Cell.Threads)
	trial.CPU = after.Since(before, trial.Ops)
	if trial.HistogramLog, err = writeHistograms(out, trial, byType(result)); err != nil {
		return err
	}
	total := result.Measured.Total()
	if total.Failed > 0 {
		return fmt.Errorf("%d of %d transactions failed, the first with: %s",
			total.Failed, total.Total(), result.Measured.FirstProblem)
	}
	return readBack(ctx, config, server, trial, result)
}

func loadDataset(ctx context.Context, config transactor.Config, server *system.Server) error {
	keys, err := transactor.Load(ctx, config)
	if err != nil {
		return err
	}
	count, err := server.KeyCount(ctx)
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	if count != keys {
		return fmt.Errorf("load: %w: the server holds %d keys, want %d", ErrWrongValues, count, keys)
	}
	return nil
}

func fillTransactions(trial *results.Trial, result *transactor.Result) {
	total := result.Measured.Total()
	trial.OpStreamHash = fmt.Sprintf("%016x", result.OpStreamDigest)
	trial.Ops = total.Total()
	trial.DurationNS = result.ElapsedNS
	trial.ThroughputOps = float64(trial.Ops) / (float64(result.ElapsedNS) / 1e9)
	trial.Errors = total.Failed
	for kind, c := range result.Measured.Counts {
		if c.Total() > 0 {
			trial.Transactions = append(trial.Transactions, results.TransactionCount{
				Type: workloads.TxnKind(kind).String(), Commits: c.Commits, Aborts: c.Aborts,
				Conflicts: c.Conflicts, GaveUp: c.GaveUp,
			})
		}
	}
}

func byType(result *transactor.Result) []tagged {
	all := []tagged{{allTag, result.All}}
	for _, s := range result.Latency {
		all = append(all, tagged{s.Kind.String(), s.Hist})
	}
	return all
}

// readBack checks the invariants. Only mode unsafe, which is there to show it, may break them.
func readBack(
	ctx context.Context, config transactor.Config, server *system.Server, trial *results.Trial,
	result *transactor.Result,
) error {
	found, err := transactor.Verify(ctx, config, result)
	if err != nil {
		return explain(ctx, err, server)
	}
	trial.AnomalyScore = &found.Score
	broken := ""
	for _, i := range found.Invariants {
		trial.Invariants = append(trial.Invariants, results.Invariant{Name: i.Name, Holds: i.Holds, Detail: i.Detail})
		if !i.Holds && broken == "" {
			broken = i.Name + ": " + i.Detail
		}
	}
	if broken != "" && config.Mode != transaction.Unsafe {
		return fmt.Errorf("%w: anomaly score %g, %s", ErrInvariant, found.Score, broken)
	}
	return nil
}
