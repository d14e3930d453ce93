package run

import (
	"context"
	"errors"
	"fmt"

	"bpfdb/results"
	"bpfdb/runners/driver"
	"bpfdb/runners/plan"
	"bpfdb/runners/system"
	"bpfdb/runners/transaction"
	"bpfdb/runners/transactor"
	"bpfdb/workloads"
)

// measureTransactions makes a trial of a transactional workload: load, run, read back. A
// search for a rate does so for every rate it tries, as the data tell of one run only.
func measureTransactions(
	ctx context.Context, t plan.Trial, server *system.Server, trial *results.Trial, out string, with instrument,
) error {
	config := configure(t, server.Addr)
	trial.ServerEmpty = server.MemoryBytes(ctx)
	trial.ServerEmptyResident, trial.ServerEmptyMaps = server.ResidentBytes(), server.MapBytes()
	if err := loadDataset(ctx, config, server); err != nil {
		return explain(ctx, err, server)
	}
	trial.ServerMemory = server.MemoryBytes(ctx)
	trial.ServerResident, trial.ServerMaps = server.ResidentBytes(), server.MapBytes()
	m := &measurement{trial: trial, clients: t.Clients, server: server, with: with}
	var result *driver.Result
	var err error
	if t.SLO == nil {
		result, err = m.run(ctx, config)
	} else {
		m.renew = func() error {
			return errors.Join(server.Flush(ctx), loadDataset(ctx, config, server))
		}
		m.inspect = func(probe *driver.Result) error {
			return errors.Join(check(probe), readBack(ctx, config, server, trial, probe))
		}
		result, err = m.search(ctx, config, t.SLO)
	}
	if err != nil {
		return explain(ctx, err, server)
	}
	fill(trial, result)
	fillTransactions(trial, result.Transactions)
	trial.CPU = m.cpu(trial.Ops)
	if trial.DiskBytes, err = server.DiskBytes(); err != nil {
		return err
	}
	if trial.HistogramLog, err = writeHistograms(out, trial, byKind(result)); err != nil {
		return err
	}
	if trial.WindowLog, err = writeWindows(out, trial, result.Windows); err != nil {
		return err
	}
	if err := check(result); err != nil || t.SLO != nil {
		return err
	}
	return readBack(ctx, config, server, trial, result)
}

func loadDataset(ctx context.Context, config driver.Config, server *system.Server) error {
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

func fillTransactions(trial *results.Trial, done *driver.Transactions) {
	for kind, c := range done.Measured.Counts {
		if c.Total() > 0 {
			trial.Transactions = append(trial.Transactions, results.TransactionCount{
				Type: workloads.TxnKind(kind).String(), Commits: c.Commits, Aborts: c.Aborts,
				Conflicts: c.Conflicts, GaveUp: c.GaveUp,
			})
		}
	}
}

// readBack checks the invariants. Only mode unsafe, which is there to show it, may break them.
func readBack(
	ctx context.Context, config driver.Config, server *system.Server, trial *results.Trial,
	result *driver.Result,
) error {
	found, err := transactor.Verify(ctx, config, result)
	if err != nil {
		return explain(ctx, err, server)
	}
	trial.AnomalyScore, trial.Invariants = &found.Score, nil
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
