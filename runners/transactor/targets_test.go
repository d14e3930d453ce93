package transactor

import (
	"errors"
	"os"
	"testing"

	"bpfdb/engine"
	"bpfdb/engine/server"
	"bpfdb/internal/kerneltest"
	"bpfdb/runners/transaction"
)

// bpfdbModes are the modes BPF-DB has.
var bpfdbModes = []string{transaction.Procedure, transaction.Interactive, transaction.Multi}

// targets are the servers every mode is tested against.
func targets(t testing.TB) []target {
	return []target{
		redisTarget(t),
		{"bpfdb-user", startBPFDB(t, server.PathUser), bpfdbModes},
		{"bpfdb-sockmap", startBPFDB(t, server.PathSockmap), bpfdbModes},
	}
}

// startBPFDB serves an empty database for the length of the test and returns its address.
func startBPFDB(t testing.TB, path server.Path) (addr string) {
	t.Helper()
	kerneltest.Require(t, kerneltest.Root, kerneltest.MinKernel, kerneltest.BTF, kerneltest.Cgroup2)
	db, err := engine.Open(engine.Options{MemoryBytes: 256 << 20})
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.Start(db, server.Options{Addr: "127.0.0.1:0", Path: path}, os.Stderr)
	if err != nil {
		t.Fatal(errors.Join(err, db.Close()))
	}
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), db.Close()); err != nil {
			t.Errorf("close server: %v", err)
		}
	})
	return s.Addr().String()
}
