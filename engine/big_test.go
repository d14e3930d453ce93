package engine

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestBig loads more than a 32-bit offset reaches. It needs some 8 GiB of kernel memory
// and half a minute, so it runs only with BPFDB_BIG=1.
func TestBig(t *testing.T) {
	if os.Getenv("BPFDB_BIG") != "1" {
		t.Skip("loads 6 GiB; set BPFDB_BIG=1")
	}
	const keys, valueBytes, step = 6 << 20, 1024, 1 << 15
	const memory = 8 << 30
	if free := availableBytes(t); free < memory+1<<30 {
		t.Fatalf("%d MiB of memory are available, %d are needed", free>>20, (memory+1<<30)>>20)
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
	if s.Keys != keys || s.Used < keys*valueBytes {
		t.Errorf("got %d keys in %d bytes", s.Keys, s.Used)
	}
	for at := 0; at < keys; at += keys / 64 {
		checkFilled(t, db, at, at+1000, valueBytes)
	}
}

func availableBytes(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		t.Fatal(err)
	}
	var kib int64
	_, after, _ := strings.Cut(string(text), "MemAvailable:")
	if _, err := fmt.Sscan(after, &kib); err != nil {
		t.Fatalf("read MemAvailable: %v", err)
	}
	return kib << 10
}
