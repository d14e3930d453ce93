package engine

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestManySegments loads many heap segments of 1 KiB records. With BPFDB_BIG=1 they are
// 6 GiB, more than a 32-bit offset reaches; that takes 9 GiB of memory and half a minute.
func TestManySegments(t *testing.T) {
	const valueBytes, step = 1024, 1 << 14
	keys, memory := 12*step, uint64(512<<20)
	if os.Getenv("BPFDB_BIG") == "1" {
		keys, memory = 6<<20, 8<<30
		if free := availableBytes(t); free < memory+1<<30 {
			t.Fatalf("%d MiB of memory are available, %d are needed", free>>20, (memory+1<<30)>>20)
		}
	}
	db := open(t, Options{MemoryBytes: memory})
	start := time.Now()
	for at := 0; at < keys; at += step {
		if _, err := fill(db, at, at+step, valueBytes); err != nil {
			t.Fatal(err)
		}
	}
	elapsed := time.Since(start)
	s := db.Stats()
	t.Logf("%d records of %d bytes in %v: %.0f records/s, %d MiB used", keys, valueBytes, elapsed,
		float64(keys)/elapsed.Seconds(), s.Used>>20)
	if s.Keys != int64(keys) || s.Used < int64(keys*valueBytes) {
		t.Errorf("got %d keys in %d bytes", s.Keys, s.Used)
	}
	for at := 0; at < keys; at += keys / 64 {
		checkFilled(t, db, at, at+1000, valueBytes)
	}
}

func availableBytes(t *testing.T) uint64 {
	t.Helper()
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		t.Fatal(err)
	}
	var kib uint64
	_, after, _ := strings.Cut(string(text), "MemAvailable:")
	if _, err := fmt.Sscan(after, &kib); err != nil {
		t.Fatalf("read MemAvailable: %v", err)
	}
	return kib << 10
}
