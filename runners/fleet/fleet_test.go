package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"bpfdb/runners/driver"
	"bpfdb/runners/fleet"
	"bpfdb/runners/system/systemtest"
	"bpfdb/runners/transaction"
	"bpfdb/runners/transactor"
	"bpfdb/workloads"
)

// asWorker makes the test binary a member of a fleet.
const asWorker = "fleet-test-worker"

func TestMain(m *testing.M) {
	systemtest.Main()
	if len(os.Args) == 2 && os.Args[1] == asWorker {
		if err := fleet.Worker(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func workers(n int) (commands [][]string) {
	for range n {
		commands = append(commands, []string{os.Args[0], asWorker})
	}
	return commands
}

// load is one on a server of the test's own that has the records.
func load(t *testing.T) driver.Config {
	t.Helper()
	in, err := systemtest.Definition("good", systemtest.Good).Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	server, err := in.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	workload, err := workloads.ByName("ycsb-f")
	if err != nil {
		t.Fatal(err)
	}
	workload.Records, workload.ValueBytes = 300, 100
	cfg := driver.Config{
		Addr: server.Addr, Driver: driver.Raw, Connections: 5, Pipeline: 4, Threads: 1, Workload: workload,
		Seed: 9, Operations: 3001, Verify: true, Window: time.Second,
		Warmup: driver.Warmup{Operations: 500},
	}
	if _, err := driver.Load(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// Three processes send exactly what one does, and lose nothing on the way.
func TestFleetEqualsOneProcess(t *testing.T) {
	for _, rate := range []float64{0, 5000} {
		cfg := load(t)
		cfg.Rate = rate
		one, err := driver.Run(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		order := ""
		cfg.Starting, cfg.Finished = func() { order += "s" }, func() { order += "f" }
		three, err := fleet.Run(t.Context(), cfg, workers(3))
		if err != nil {
			t.Fatal(err)
		}
		if three.OpStreamDigest() != one.OpStreamDigest() || three.Ops != one.Ops || three.Commands != one.Commands {
			t.Errorf("rate %v: fleet %d operations, %x; one process %d, %x", rate, three.Ops,
				three.OpStreamDigest(), one.Ops, one.OpStreamDigest())
		}
		if three.Errors+three.Misses+three.VerifyFailures != 0 || order != "sf" {
			t.Errorf("rate %v: %+v, hooks %q", rate, three, order)
		}
		if got := three.All.TotalCount(); got != 3001 || three.All.Max() == 0 {
			t.Errorf("rate %v: merged histogram holds %d operations, want 3001", rate, got)
		}
		for i, s := range three.Latency {
			if w := one.Latency[i]; s.Kind != w.Kind || s.Hist.TotalCount() != w.Hist.TotalCount() {
				t.Errorf("rate %v: series %v of %d, want %v of %d", rate, s.Kind, s.Hist.TotalCount(),
					w.Kind, w.Hist.TotalCount())
			}
		}
		if (three.Open != nil) != (rate > 0) || rate > 0 && three.Open.Lag.TotalCount() != 3001 {
			t.Errorf("rate %v: open loop %+v", rate, three.Open)
		}
		if three.Warmed.Operations != 500 || len(three.Windows) == 0 {
			t.Errorf("rate %v: warmed %+v, %d windows", rate, three.Warmed, len(three.Windows))
		}
	}
}

// The same goes for transactions.
func TestFleetSharesTransactions(t *testing.T) {
	for _, rate := range []float64{0, 5000} {
		cfg := load(t)
		workload, err := workloads.ByName("ycsb-t")
		if err != nil {
			t.Fatal(err)
		}
		workload.Records, workload.TotalCash = 300, 30_000
		cfg.Workload, cfg.Mode, cfg.Pipeline, cfg.Rate = workload, transaction.Unsafe, 1, rate
		if _, err := transactor.Load(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
		one, err := driver.Run(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		three, err := fleet.Run(t.Context(), cfg, workers(3))
		if err != nil {
			t.Fatal(err)
		}
		if three.OpStreamDigest() != one.OpStreamDigest() || three.Ops != 3001 ||
			!slices.Equal(three.Transactions.Drawn, one.Transactions.Drawn) ||
			!slices.Equal(three.Transactions.WarmupDrawn, one.Transactions.WarmupDrawn) {
			t.Errorf("rate %v: fleet %d transactions, %x, drawn %v; one process %x, drawn %v", rate, three.Ops,
				three.OpStreamDigest(), three.Transactions.Drawn, one.OpStreamDigest(), one.Transactions.Drawn)
		}
		if all := three.Transactions.Ever.Total(); all.Total() != 3501 || all.Failed > 0 {
			t.Errorf("rate %v: %+v", rate, all)
		}
		for i, s := range three.Latency {
			if w := one.Latency[i]; s.Name() != w.Name() || s.Kind != driver.Transaction {
				t.Errorf("rate %v: series %s, want %s", rate, s.Name(), w.Name())
			}
		}
	}
}

func TestFleetFails(t *testing.T) {
	for name, c := range map[string]struct {
		commands [][]string
		spoil    func(*driver.Config)
		want     string
	}{
		"no such program":  {[][]string{{"/no/such/program"}}, nil, "/no/such/program"},
		"dies at once":     {append(workers(1), []string{"sh", "-c", "echo alas >&2"}), nil, "alas"},
		"talks nonsense":   {append(workers(1), []string{"echo", "what?"}), nil, "its report"},
		"is never ready":   {append(workers(1), []string{"echo", "{}"}), nil, "did not say that it is ready"},
		"cannot connect":   {workers(2), func(c *driver.Config) { c.Addr = "127.0.0.1:1" }, "connection refused"},
		"too many members": {workers(6), nil, "5 connections cannot be shared among 6"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := load(t)
			if c.spoil != nil {
				c.spoil(&cfg)
			}
			_, err := fleet.Run(t.Context(), cfg, c.commands)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if !errors.Is(err, fleet.ErrMember) && !errors.Is(err, driver.ErrConfig) {
				t.Errorf("got %v, want ErrMember", err)
			}
		})
	}
}

func TestFleetIsCancelled(t *testing.T) {
	cfg := load(t)
	cfg.Operations, cfg.Warmup = 1<<40, driver.Warmup{}
	ctx, cancel := context.WithCancel(t.Context())
	cfg.Starting = func() { time.AfterFunc(300*time.Millisecond, cancel) }
	if _, err := fleet.Run(ctx, cfg, workers(2)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}
