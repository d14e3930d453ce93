package engine

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"bpfdb/internal/kerneltest"
)

// open loads a small engine and closes it with the test.
func open(t testing.TB, options Options) *DB {
	t.Helper()
	kerneltest.Require(t, kerneltest.Root, kerneltest.BTF, kerneltest.MinKernel)
	if options.MemoryBytes == 0 {
		options.MemoryBytes = minMemory
	}
	db, err := Open(options)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// shared is one engine for all tests that an empty store with a quiet maintainer suits,
// because loading one takes most of a second.
var shared struct {
	sync.Once
	db  *DB
	err error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.db != nil {
		if err := shared.db.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// openShared empties the shared engine. Tests that make overflow buckets, which stay, or
// fill the memory want one of their own.
func openShared(t testing.TB) *DB {
	t.Helper()
	kerneltest.Require(t, kerneltest.Root, kerneltest.BTF, kerneltest.MinKernel)
	shared.Do(func() {
		if shared.db, shared.err = Open(Options{MemoryBytes: minMemory, HashSeed: 1}); shared.err == nil {
			shared.db.maintainer.stop()
			shared.db.maintainer.quit = nil
		}
	})
	if shared.err != nil {
		t.Fatalf("%+v", shared.err)
	}
	if err := shared.db.FlushAll(); err != nil {
		t.Fatal(err)
	}
	return shared.db
}

// openQuiet opens an engine whose background work stands still.
func openQuiet(t testing.TB, options Options) *DB {
	t.Helper()
	db := open(t, options)
	db.maintainer.stop()
	db.maintainer.quit = nil
	return db
}

func mustSet(t testing.TB, db *DB, key, value []byte) {
	t.Helper()
	if err := db.Set(key, value); err != nil {
		t.Fatalf("Set of %q: %v", key, err)
	}
}

func mustBegin(t testing.TB, db *DB) *Txn {
	t.Helper()
	txn, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	return txn
}

func TestOptions(t *testing.T) {
	for _, tt := range []struct {
		options Options
		want    string // part of the error, "" for none
	}{
		{Options{}, ""},
		{Options{MemoryBytes: minMemory}, ""},
		{Options{MemoryBytes: minMemory - 1}, "memory is 134217727, must be 134217728 to"},
		{Options{MemoryBytes: maxMemory}, ""},
		{Options{MemoryBytes: maxMemory + 1}, "memory is"},
		{Options{MaxConnections: 1}, ""},
		{Options{MaxConnections: -1}, "max connections"},
		{Options{MaxConnections: maxConnectionLimit + 1}, "max connections is 1048577"},
		{Options{KernelAreas: 1, UserAreas: 2}, ""},
		{Options{KernelAreas: -1}, "kernel areas"},
		{Options{KernelAreas: 1025}, "kernel areas is 1025, must be 1 to 1024"},
		{Options{UserAreas: 1}, "user areas is 1, must be 2 to 1024"},
		{Options{UserAreas: 1025}, "user areas"},
	} {
		err := tt.options.Validate()
		if tt.want == "" && err != nil || tt.want != "" &&
			(!errors.Is(err, ErrOptions) || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%+v: got %v, want %q", tt.options, err, tt.want)
		}
	}
	if _, err := Open(Options{MemoryBytes: 1}); !errors.Is(err, ErrOptions) {
		t.Errorf("Open: got %v, want ErrOptions", err)
	}
}

const unprivileged = "BPFDB_TEST_UNPRIVILEGED" // set in the process that has given up root

// TestOpenUnprivileged runs itself again as nobody.
func TestOpenUnprivileged(t *testing.T) {
	if os.Getenv(unprivileged) != "" {
		_, err := Open(Options{})
		if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "CAP_BPF") {
			t.Fatalf("got %v, want ErrUnsupported that names CAP_BPF", err)
		}
		return
	}
	kerneltest.Require(t, kerneltest.Root)
	command := exec.Command("/proc/self/exe", "-test.run", "^"+t.Name()+"$")
	command.Env = append(os.Environ(), unprivileged+"=1")
	command.Dir = "/"
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := command.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS") {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
}

// TestCloseLeavesNothing grows and uses an engine with transactions left open.
func TestCloseLeavesNothing(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.BTF, kerneltest.MinKernel)
	before, err := kerneltest.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	db := open(t, Options{MemoryBytes: 4 * segmentBytes})
	if _, err := fill(db, 0, 100_000, 1000); err != nil {
		t.Fatal(err)
	}
	txn := mustBegin(t, db)
	if err := txn.Set(numbered(0), nil); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	for name, err := range map[string]error{
		"Get": second(db.Get(numbered(0))), "Set": db.Set(numbered(0), nil), "Begin": second(db.Begin()),
		"Commit": txn.Commit(),
	} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s after Close: got %v, want ErrClosed", name, err)
		}
	}
	left, err := kerneltest.LeftBehind(before, "bpfdb")
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range left {
		t.Errorf("left in the kernel: %s", object)
	}
}
