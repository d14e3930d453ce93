package isolation

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"bpfdb/engine"
	"bpfdb/engine/server"
	"bpfdb/internal/kerneltest"
)

// database is an engine served on several paths at once.
type database struct {
	*engine.DB
	addrs map[server.Path]string
}

// shared is the database of most tests, for loading takes the kernel's verifier longer than they do. A test finds it
// empty, and uses lists that no other uses. It keeps a redo log, as that has commits do more than they do without.
var shared = sharedDatabase{timeout: 2 * time.Second, durability: engine.DurabilityAsync}

type sharedDatabase struct {
	database
	timeout    time.Duration // of idle transactions
	durability engine.Durability
	dir        string
	workers    ebpfWorkers
	servers    []*server.Server
}

func TestMain(m *testing.M) {
	code := m.Run()
	if err := shared.close(); err != nil {
		fmt.Fprintln(os.Stderr, "shared database:", err)
		code = 1
	}
	os.Exit(code)
}

func (s *sharedDatabase) open(t *testing.T) (*database, ebpfWorkers) {
	t.Helper()
	kerneltest.Require(t, kerneltest.Root, kerneltest.MinKernel, kerneltest.BTF, kerneltest.Cgroup2)
	if s.DB == nil {
		if err := s.load(); err != nil {
			t.Fatalf("%+v", errors.Join(err, s.close()))
		}
	}
	if err := s.FlushAll(); err != nil {
		t.Fatal(err)
	}
	return &s.database, s.workers
}

func (s *sharedDatabase) load() (err error) {
	// Each server's loops keep an area each.
	options := engine.Options{
		MemoryBytes: 256 << 20, TxnTimeout: s.timeout, UserAreas: 8 * (1 + runtime.NumCPU()), Durability: s.durability,
	}
	if s.dir, err = os.MkdirTemp("", "isolation"); err != nil {
		return err
	}
	options.Dir = s.dir
	if s.DB, err = engine.Open(options); err != nil {
		return err
	}
	s.addrs = map[server.Path]string{}
	for _, path := range []server.Path{server.PathUser, server.PathSockmap, server.PathLocal, server.PathWire} {
		on, err := server.Start(s.DB, server.Options{Addr: "127.0.0.1:0", Path: path}, os.Stderr)
		if err != nil {
			return err
		}
		s.servers = append(s.servers, on)
		s.addrs[path] = on.Addr().String()
	}
	s.workers, err = loadWorkers(s.DB, loadLists)
	return err
}

func (s *sharedDatabase) close() error {
	var errs []error
	for _, on := range s.servers {
		errs = append(errs, on.Close())
	}
	if s.workers.collection != nil {
		s.workers.collection.Close()
	}
	if s.DB != nil {
		errs = append(errs, s.DB.Close())
	}
	if s.dir != "" {
		errs = append(errs, os.RemoveAll(s.dir))
	}
	*s = sharedDatabase{timeout: s.timeout, durability: s.durability}
	return errors.Join(errs...)
}

var rounds atomic.Uint64

// nextLists is the number of the first list of a round.
func nextLists() uint64 { return rounds.Add(1) * 100_000 }

// seedOf draws the seed of a test, or takes it from the environment, and prints it.
func seedOf(t *testing.T) uint64 {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv("BPFDB_CHECK_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("BPFDB_CHECK_SEED: %v", err)
		}
	}
	t.Logf("BPFDB_CHECK_SEED=%d", seed)
	return seed
}

// checkTime is how long the tests named Long may take in all; they run briefly without BPFDB_CHECK_MINUTES.
func checkTime(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("BPFDB_CHECK_MINUTES")
	if text == "" {
		return 0
	}
	minutes, err := strconv.Atoi(text)
	if err != nil || minutes < 1 {
		t.Fatalf("BPFDB_CHECK_MINUTES=%s: want a number of minutes", text)
	}
	return time.Duration(minutes) * time.Minute
}
