package isolation

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bpfdb/engine"
	"bpfdb/internal/history"
	"bpfdb/internal/kerneltest"
)

// scene is what the clients of one round share.
type scene struct {
	seed     uint64
	firstKey uint64        // of its lists
	pause    time.Duration // in some transactions, longer than the engine waits
	sessions atomic.Int64

	generation atomic.Uint64 // of the newest lists
}

// clients are two of every kind.
func (d *database) clients(s *scene) (clients []*client) {
	add := func(name string, r runner) { clients = append(clients, newClient(name, r, len(clients)+1, s)) }
	for range 2 {
		add("Go", goAPI{d.DB})
		for path, addr := range d.addrs {
			add("BEGIN over "+string(path), &interactive{resp{addr: addr}})
			add("MULTI over "+string(path), &multi{interactive{resp{addr: addr}}})
		}
	}
	return clients
}

// round has all clients run transactions, `each` of every client, and returns what they wrote down.
func (d *database) round(s *scene, workers ebpfWorkers, each int) ([]history.Transaction, error) {
	clients := d.clients(s)
	neighbours, err := d.neighbours(s, workers)
	if err != nil {
		return nil, err
	}
	if err := workers.start(s, len(clients)+1); err != nil {
		return nil, err
	}
	errs := make(chan error, len(clients)+workers.others+1)
	var wg sync.WaitGroup
	loop := func(f func() error) {
		wg.Go(func() { // ends after so many transactions
			for range each {
				if err := f(); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	for _, c := range clients {
		loop(c.one)
	}
	for id := workers.timers; id < workers.timers+workers.others; id++ {
		loop(func() error { return workers.run(id) })
	}
	loop(func() error { return neighbours.some(s) })
	wg.Wait()
	close(errs)
	err = errors.Join(workers.stop(), neighbours.remove())
	for e := range errs {
		err = errors.Join(err, e)
	}
	txns, errHistory := workers.history(s)
	for _, c := range clients {
		txns = append(txns, c.txns...)
		err = errors.Join(err, c.runner.close())
	}
	last, errRead := d.readAll(s, txns)
	return append(txns, last...), errors.Join(err, errHistory, errRead)
}

// readAll reads every list at the end, so that no append stays unseen.
func (d *database) readAll(s *scene, txns []history.Transaction) (reads []history.Transaction, err error) {
	keys := map[uint64]bool{}
	for _, t := range txns {
		for _, a := range t.Accesses {
			keys[a.Key] = true
		}
	}
	session := int(s.sessions.Add(1))
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		t := history.Transaction{Client: "the end", Session: session, CallNS: monotonicNS()}
		list, err := readList(d.Get, key)
		if err != nil {
			return nil, fmt.Errorf("list %d: %w", key, err)
		}
		t.Accesses = []history.Access{{Key: key, List: list}}
		t.ReturnNS = monotonicNS()
		reads = append(reads, t)
	}
	return reads, nil
}

// figures says how many transactions of every kind of client ended how.
func figures(txns []history.Transaction) string {
	counts := map[string]*[3]int{}
	for _, t := range txns {
		if counts[t.Client] == nil {
			counts[t.Client] = &[3]int{}
		}
		counts[t.Client][t.Outcome]++
	}
	var lines []string
	for name, n := range counts {
		lines = append(lines, fmt.Sprintf("%-20s %7d committed %7d aborted %5d indeterminate", name, n[0], n[1], n[2]))
	}
	slices.SortFunc(lines, cmp.Compare[string])
	return fmt.Sprintf("%d transactions checked\n%s", len(txns), strings.Join(lines, "\n"))
}

// judge fails the test for every anomaly.
func judge(t *testing.T, txns []history.Transaction) {
	t.Helper()
	start := time.Now()
	for _, a := range history.Anomalies(txns) {
		t.Error(a)
	}
	t.Logf("%s\nchecked in %v", figures(txns), time.Since(start))
}

// TestSerializable has clients of all paths, the Go interface and eBPF programs in softirq and in processes
// change the same few lists in transactions, some of which they abort or are cut off from. At length it goes on with
// fresh lists for most of the time there is.
func TestSerializable(t *testing.T) {
	end := time.Now().Add(checkTime(t) * 7 / 10)
	d, workers := shared.open(t)
	rng := rand.New(rand.NewPCG(seedOf(t), 0))
	total := 0
	for first := true; !t.Failed() && (first || time.Now().Before(end)); first = false {
		s := &scene{seed: rng.Uint64(), firstKey: nextLists()}
		txns, err := d.round(s, workers, 2000)
		if err != nil {
			t.Fatal(err)
		}
		judge(t, txns)
		total += len(txns)
		if err := d.FlushAll(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d transactions checked in all", total)
}

// TestUncheckedIsFound takes validation out of the commits of the eBPF programs: the checker must then name
// anomalies, or the other tests would prove nothing.
func TestUncheckedIsFound(t *testing.T) {
	d, _ := shared.open(t)
	workers, err := loadWorkers(d.DB, loadUnchecked)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	defer workers.collection.Close()
	rng := rand.New(rand.NewPCG(seedOf(t), 0))
	for round := 1; round <= 20; round++ {
		txns, err := d.round(&scene{seed: rng.Uint64(), firstKey: nextLists()}, workers, 300)
		if err != nil {
			t.Fatal(err)
		}
		if anomalies := history.Anomalies(txns); anomalies != nil {
			t.Logf("round %d: %d anomalies in %d transactions, such as\n%v",
				round, len(anomalies), len(txns), anomalies[0])
			return
		}
	}
	t.Error("no anomaly in 20 rounds without validation")
}

// TestSerializableSync is TestSerializable with commits that wait for the disk.
func TestSerializableSync(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.MinKernel, kerneltest.BTF, kerneltest.Cgroup2)
	own := sharedDatabase{timeout: shared.timeout, durability: engine.DurabilitySync}
	if err := own.load(); err != nil {
		t.Fatalf("%+v", errors.Join(err, own.close()))
	}
	txns, err := own.round(&scene{seed: seedOf(t), firstKey: nextLists()}, own.workers, 150)
	if err := errors.Join(err, own.close()); err != nil {
		t.Fatal(err)
	}
	judge(t, txns)
}

// TestSerializableTimeouts has clients idle for about as long as the engine waits before it aborts a transaction: it
// does so now just before, now in the midst of what they do next.
func TestSerializableTimeouts(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.MinKernel, kerneltest.BTF, kerneltest.Cgroup2)
	const timeout = 10 * time.Millisecond
	own := sharedDatabase{timeout: timeout, durability: engine.DurabilityNone}
	if err := own.load(); err != nil {
		t.Fatalf("%+v", errors.Join(err, own.close()))
	}
	s := &scene{seed: seedOf(t), firstKey: nextLists(), pause: timeout + timeout/4}
	txns, err := own.round(s, own.workers, 300)
	timeouts := own.Stats().Counters["timeouts"]
	if err := errors.Join(err, own.close()); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d timeouts", timeouts)
	judge(t, txns)
	if timeouts == 0 {
		t.Error("no transaction was aborted for being idle")
	}
}
