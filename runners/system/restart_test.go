package system_test

import (
	"errors"
	"strings"
	"testing"

	"bpfdb/runners/system"
	"bpfdb/runners/system/systemtest"
)

// The durable Redises have after a restart what their definitions say they keep, in the same
// directory and at the same address; a checkpoint ends well.
func TestRedisComesBack(t *testing.T) {
	for name, kill := range map[string]bool{"redis-always": true, "redis-everysec": false, "redis-rdb": false} {
		t.Run(name, func(t *testing.T) {
			in := installed(t, name, true)
			s, err := in.Start(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := s.Stop(); err != nil {
					t.Error(err)
				}
			}()
			fill(t, s.Addr)
			if !s.Promises(kill) {
				t.Errorf("%s promises nothing", name)
			}
			stopped, ready, err := s.Restart(t.Context(), kill)
			if err != nil || stopped <= 0 || ready <= 0 {
				t.Fatalf("stopped in %v, ready in %v, %v", stopped, ready, err)
			}
			if count, err := s.KeyCount(t.Context()); err != nil || count != 10 {
				t.Errorf("%d keys, %v, want 10", count, err)
			}
			if size, err := s.DiskBytes(); err != nil || size == 0 {
				t.Errorf("%d bytes on disk, %v", size, err)
			}
			if err := s.Checkpoint(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// What cannot be restarted, or does not come back, is an error that says which and why.
func TestRestartFails(t *testing.T) {
	s, err := fake(t, systemtest.Sore).Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Restart(t.Context(), false); !errors.Is(err, system.ErrStop) {
		t.Errorf("a server that ends badly: %v, want ErrStop", err)
	}
	if err := s.Stop(); !errors.Is(err, system.ErrDied) {
		t.Errorf("stopped after that: %v, want ErrDied", err)
	}
	s, err = fake(t, systemtest.Good).Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Checkpoint(t.Context()); !errors.Is(err, system.ErrCheckpoint) ||
		!strings.Contains(err.Error(), "BGSAVE") {
		t.Errorf("a checkpoint of a server without: %v", err)
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
}
