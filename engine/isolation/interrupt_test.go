package isolation

import (
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"bpfdb/engine"
	"bpfdb/internal/kerneltest"
)

// onCPU runs f on a thread of its own, bound to one CPU.
func onCPU(wg *sync.WaitGroup, cpu int, f func() error, errs chan<- error) {
	wg.Go(func() { // ends with f; its thread, bound for good, ends with it
		runtime.LockOSThread()
		var set unix.CPUSet
		set.Set(cpu)
		err := unix.SchedSetaffinity(0, &set)
		if err == nil {
			err = f()
		}
		errs <- err
	})
}

// TestReadOnlyAnomalyInterrupts has a commit interrupted, now and then, between the steps it takes, by one that
// changes what it read, while snapshots are taken on another CPU: see bpf/testdata/interrupt.bpf.c.
func TestReadOnlyAnomalyInterrupts(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.MinKernel, kerneltest.BTF)
	db, err := engine.Open(engine.Options{MemoryBytes: 128 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := errors.Join(db.Set([]byte("x"), number64(0)), db.Set([]byte("y"), make([]byte, 16))); err != nil {
		t.Fatal(err)
	}
	spec, err := loadInterrupt()
	if err != nil {
		t.Fatal(err)
	}
	collection, err := ebpf.NewCollectionWithOptions(spec, db.CollectionOptions(spec))
	if err != nil {
		t.Fatalf("%+v", err)
	}
	defer collection.Close()
	run := func(name string, args any) func() error {
		return func() error {
			_, err := collection.Programs[name].Run(&ebpf.RunOptions{Context: args})
			return err
		}
	}
	repeat := func(f func() error) func() error {
		return func() (err error) {
			for end := time.Now().Add(2*time.Second + checkTime(t)/20); err == nil && time.Now().Before(end); {
				err = f()
			}
			return err
		}
	}
	errs := make(chan error, 3)
	var wg sync.WaitGroup
	start := &interruptStartArgs{PeriodNs: 20_000, StayNs: 3000}
	onCPU(&wg, 0, run("interrupt_start", start), errs)
	wg.Wait()
	onCPU(&wg, 0, repeat(run("interrupt_copy", nil)), errs)
	onCPU(&wg, runtime.NumCPU()-1, repeat(run("interrupt_snapshot", nil)), errs)
	wg.Wait()
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	if err := run("interrupt_stop", nil)(); err != nil || start.Result != 0 {
		t.Fatalf("stop: %v, start: result %d", err, start.Result)
	}
	checkSnapshots(t, collection)
}

// checkSnapshots compares each snapshot with the copy that came next: one of an x older than the snapshot's should
// have been in it.
func checkSnapshots(t *testing.T, collection *ebpf.Collection) {
	t.Helper()
	var state interruptState
	if err := collection.Maps["states"].Lookup(uint32(0), &state); err != nil {
		t.Fatal(err)
	}
	copies := logged[uint64](t, collection.Maps["copies"])
	snapshots := logged[interruptSnapshot](t, collection.Maps["snapshots"])
	wrong := 0
	for _, s := range snapshots[:state.Seen] {
		next := s.Serial + 1
		if next > state.Serial || next >= uint64(len(copies)) || copies[next] >= s.X {
			continue
		}
		if wrong++; wrong <= 3 {
			t.Errorf("a snapshot has x = %d and copy %d, but copy %d is of x = %d, which came before",
				s.X, s.Serial, next, copies[next])
		}
	}
	t.Logf("x raised %d times, copied %d times, %d snapshots, %d of them wrong, %d failed",
		state.Raised, state.Serial, state.Seen, wrong, state.Failures)
	if state.Raised == 0 || state.Serial == 0 || state.Seen == 0 || state.Failures > 0 {
		t.Error("want some of each, and no failure")
	}
}

// logged reads all values of an ARRAY map.
func logged[T any](t *testing.T, m *ebpf.Map) []T {
	t.Helper()
	var cursor ebpf.MapBatchCursor
	keys, values := make([]uint32, m.MaxEntries()), make([]T, m.MaxEntries())
	if n, err := m.BatchLookup(&cursor, keys, values, nil); n != len(values) {
		t.Fatalf("read %d of %d values of %s: %v", n, len(values), m, err)
	}
	return values
}
