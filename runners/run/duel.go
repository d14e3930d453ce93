package run

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"bpfdb/runners/driver"
	"bpfdb/runners/plan"
	"bpfdb/runners/system"
)

// Slice is a short measurement in a duel, beside those of the other servers.
type Slice struct {
	Ops           uint64
	ThroughputOps float64
	P99NS         int64
	Saturated     bool // the generator was the bottleneck, or late
}

// Contestant is one server of a duel and what was measured on it.
type Contestant struct {
	EmptyBytes, LoadedBytes uint64  // memory by the server's own count; 0: it does not say
	Slices                  []Slice // by round
}

// Duel measures several servers in turns, all alive at once: every round has one slice of
// each, in the order that order returns for it. Slices are short, a fraction of a second, so
// that whatever else the machine does falls on neighbours alike. The trial says what a slice
// is; slices of a round have the same op streams. A server that fails, answers wrongly or
// does not stop ends the duel with an error.
func Duel(
	ctx context.Context, t plan.Trial, systems []system.Installation, rounds int, order func(round int) []int,
) (_ []Contestant, failure error) {
	if t.Cell.Mode != "" || t.SLO != nil || len(t.Clients) > 0 || t.Trace != nil {
		return nil, errors.New("a duel takes operations of presets on single keys, at given rates, from this process")
	}
	servers, stop, err := startAll(ctx, t, systems)
	defer func() { failure = errors.Join(failure, stop()) }()
	if err != nil {
		return nil, err
	}
	unpin, err := pinClient(t)
	if err != nil {
		return nil, err
	}
	defer func() { failure = errors.Join(failure, unpin()) }()
	contestants := make([]Contestant, len(servers))
	for i, server := range servers {
		contestants[i].EmptyBytes = server.MemoryBytes(ctx)
		if err := load(ctx, configure(t, server.Addr), server); err != nil {
			return nil, explain(ctx, err, server)
		}
		contestants[i].LoadedBytes = server.MemoryBytes(ctx)
	}
	for round := range rounds {
		for _, i := range order(round) {
			slice, err := measureSlice(ctx, t, servers[i], round)
			if err != nil {
				return nil, fmt.Errorf("%s, round %d: %w", t.Cell.System, round, explain(ctx, err, servers[i]))
			}
			contestants[i].Slices = append(contestants[i].Slices, slice)
		}
	}
	return contestants, nil
}

// startAll starts the servers at once. stop ends those that run, whatever the error.
func startAll(
	ctx context.Context, t plan.Trial, systems []system.Installation,
) (servers []*system.Server, stop func() error, err error) {
	servers = make([]*system.Server, len(systems))
	leaves := make([]func() error, len(systems))
	errs := make([]error, len(systems))
	var wg sync.WaitGroup
	for i, in := range systems {
		wg.Go(func() {
			place, leave, err := locate(t)
			if err == nil {
				leaves[i] = leave
				servers[i], err = in.StartAt(ctx, place)
			}
			errs[i] = err
		})
	}
	wg.Wait()
	stop = func() error {
		var all []error
		for i, server := range servers {
			if server != nil {
				all = append(all, server.Stop())
			}
			if leaves[i] != nil {
				all = append(all, leaves[i]())
			}
		}
		return errors.Join(all...)
	}
	return servers, stop, errors.Join(errs...)
}

func measureSlice(ctx context.Context, t plan.Trial, server *system.Server, round int) (Slice, error) {
	config := configure(t, server.Addr)
	config.Seed += uint64(round)
	config.Window = 0
	result, err := driver.Run(ctx, config)
	if err == nil {
		err = check(result)
	}
	if err != nil {
		return Slice{}, err
	}
	return Slice{
		Ops: result.Ops, ThroughputOps: float64(result.Ops) / (float64(result.ElapsedNS) / 1e9),
		P99NS: result.All.ValueAtQuantile(99), Saturated: result.Client.Saturated != "",
	}, nil
}
