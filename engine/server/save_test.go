package server

import (
	"strings"
	"testing"
	"time"

	"bpfdb/engine"
	"bpfdb/internal/dialogue"
	"bpfdb/internal/oracle"
)

// TestSaveAsRedis asks a server and Redis the same about snapshots: where nothing is under way, and while one is
// being written.
func TestSaveAsRedis(t *testing.T) {
	redis, err := oracle.Dial(dialogue.StartRedis(t, "rdb-key-save-delay 300000"))
	if err != nil {
		t.Fatal(err)
	}
	defer redis.Close()
	m, gate := newGatedMachine(t, 7, engine.DurabilityAsync, PathUser)
	own, err := oracle.Dial(m.addr())
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	same := func(words string) {
		t.Helper()
		want, err := redis.Do(strings.Fields(words)...)
		if err != nil {
			t.Fatal(err)
		}
		got, err := own.Do(strings.Fields(words)...)
		if err != nil {
			t.Fatal(err)
		}
		if got.Kind != want.Kind || got.Kind != ':' && got.Text != want.Text {
			t.Errorf("%s: %c%s, Redis says %c%s", words, got.Kind, got.Text, want.Kind, want.Text)
		}
	}
	for _, words := range []string{
		"FLUSHALL", "SAVE", "LASTSAVE", "SAVE now", "LASTSAVE now", "BGSAVE now", "BGSAVE SCHEDULE now",
		"bgsave NOW THEN", "SET a 1", "SET b 2", "SET c 3", "SET d 4", "SET e 5",
	} {
		same(words)
	}
	gate.Hold(false) // and Redis takes 0.3 s for each key
	for _, words := range []string{"BGSAVE", "BGSAVE", "BGSAVE SCHEDULE", "SAVE", "LASTSAVE"} {
		same(words)
	}
	info := m.ask("INFO", "persistence").Text
	if !strings.Contains(info, "rdb_bgsave_in_progress:1\r\n") {
		t.Errorf("while one is written INFO says %q", info)
	}
	gate.Release()
	for end := time.Now().Add(testTimeout); !strings.Contains(info, "rdb_bgsave_in_progress:0\r\n"); {
		if info = m.ask("INFO", "persistence").Text; time.Now().After(end) {
			t.Fatalf("INFO says %q", info)
		}
	}
	for _, line := range []string{
		"loading:0", "rdb_last_bgsave_status:ok", "aof_enabled:1", "aof_last_write_status:ok",
	} {
		if !strings.Contains(info, line+"\r\n") {
			t.Errorf("INFO lacks %s: %q", line, info)
		}
	}
}
