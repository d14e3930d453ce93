package system_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"bpfdb/internal/kerneltest"
	"bpfdb/runners/affinity"
	"bpfdb/runners/driver"
	"bpfdb/runners/netns"
	"bpfdb/runners/system"
	"bpfdb/runners/system/systemtest"
	"bpfdb/workloads"
)

// fill loads ten keys.
func fill(t *testing.T, addr string) {
	t.Helper()
	workload, err := workloads.ByName("set")
	if err != nil {
		t.Fatal(err)
	}
	workload.Records, workload.ValueBytes = 10, 100
	cfg := driver.Config{Addr: addr, Driver: driver.Raw, Connections: 1, Pipeline: 1, Threads: 1, Workload: workload}
	if _, err := driver.Load(context.Background(), cfg); err != nil {
		t.Fatal(err)
	}
}

// A server that somebody else has started is used as it is if it is empty, emptied if that is
// allowed, and never stopped.
func TestRemote(t *testing.T) {
	theirs, err := fake(t, systemtest.Good).Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Stop() //nolint:errcheck // its end is not what is tested
	remote := system.Definition{
		Name: "theirs", Remote: theirs.Addr, ReadyTimeout: 10 * time.Second, StopTimeout: 10 * time.Second}
	join := func() (*system.Server, error) {
		in, err := remote.Find(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return in.Start(t.Context())
	}
	s, err := join()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(); err != nil || s.PID() != 0 || s.DeathError() != nil {
		t.Errorf("stop %v, pid %d, death %v", err, s.PID(), s.DeathError())
	}
	fill(t, theirs.Addr)
	if _, err := join(); !errors.Is(err, system.ErrNotEmpty) {
		t.Errorf("with ten keys: %v, want ErrNotEmpty", err)
	}
	remote.Flush = true
	if s, err = join(); err != nil {
		t.Fatal(err)
	}
	if count, err := s.KeyCount(t.Context()); err != nil || count != 0 {
		t.Errorf("after a flush: %d keys, %v", count, err)
	}
	fill(t, theirs.Addr)
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	if count, err := theirs.KeyCount(t.Context()); err != nil || count != 0 {
		t.Errorf("left behind: %d keys, %v", count, err)
	}
	remote.Remote = "127.0.0.1:1"
	if _, err := join(); !errors.Is(err, system.ErrNotReady) {
		t.Errorf("nobody there: %v, want ErrNotReady", err)
	}
}

// In a namespace and pinned, a server works as elsewhere.
func TestStartAt(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Tool("ip"))
	namespace, err := netns.New()
	if err != nil {
		t.Fatal(err)
	}
	defer namespace.Close()
	place := system.Place{Namespace: namespace, CPUs: affinity.Set{0}}
	s, err := fake(t, systemtest.Good).StartAt(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, s.Addr)
	if count, err := s.KeyCount(t.Context()); err != nil || count != 10 {
		t.Errorf("%d keys, %v", count, err)
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
}

func TestObserve(t *testing.T) {
	s, err := fake(t, systemtest.Good).Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop() //nolint:errcheck // its end is not what is tested
	seen := s.Observe(t.Context())
	if seen["redis_version"] != "7.0.0" || seen["config maxmemory"] != "0" || seen["data on"] == "" || len(seen) != 3 {
		t.Errorf("observed %v", seen)
	}
}
