package system_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"bpfdb/runners/system"
	"bpfdb/runners/system/systemtest"
)

// tempDirs makes sure that no trial's directory outlives it.
func tempDirs(t *testing.T) (leftovers func() []string) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	return func() []string {
		left, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		return left
	}
}

func TestLifeCycle(t *testing.T) {
	leftovers := tempDirs(t)
	s, err := fake(t, systemtest.Good).Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.DeathError(); err != nil {
		t.Errorf("a live server is dead: %v", err)
	}
	if count, err := s.KeyCount(t.Context()); err != nil || count != 0 {
		t.Errorf("KeyCount = %d, %v, want 0", count, err)
	}
	if bytes := s.MemoryBytes(t.Context()); bytes != 4096 {
		t.Errorf("MemoryBytes = %d, want 4096", bytes)
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	if conn, err := net.Dial("tcp", s.Addr); err == nil {
		conn.Close()
		t.Error("somebody accepts after Stop")
	}
	if left := leftovers(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestStartFailures(t *testing.T) {
	for _, c := range []struct {
		kind string
		want error
		text string
	}{
		{systemtest.Stillborn, system.ErrDied, "exit status 7; its stderr ends:\nsystemtest: out of luck"},
		{systemtest.Silent, system.ErrNotReady, "no line beginning `ready `"},
	} {
		t.Run(c.kind, func(t *testing.T) {
			leftovers := tempDirs(t)
			in := fake(t, c.kind)
			if c.kind == systemtest.Silent { // which waits for it in full
				in.ReadyTimeout = 300 * time.Millisecond
			}
			_, err := in.Start(t.Context())
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("got %v, want %v with %q", err, c.want, c.text)
			}
			if left := leftovers(); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestStartIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	in := fake(t, systemtest.Silent)
	start := time.Now()
	_, err := in.Start(ctx)
	if took := time.Since(start); !errors.Is(err, context.Canceled) || took >= in.ReadyTimeout {
		t.Errorf("got %v after %v, want context.Canceled before %v", err, took, in.ReadyTimeout)
	}
}

func TestStopFailures(t *testing.T) {
	for kind, text := range map[string]string{
		systemtest.Stubborn: "killed 200ms after SIGTERM",
		systemtest.Sore:     "exit status 3; its stderr ends:\nsystemtest: could not clean up",
	} {
		t.Run(kind, func(t *testing.T) {
			in := fake(t, kind)
			if kind == systemtest.Stubborn {
				in.StopTimeout = 200 * time.Millisecond
			}
			s, err := in.Start(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Stop(); !errors.Is(err, system.ErrStop) || !strings.Contains(err.Error(), text) {
				t.Errorf("got %v, want ErrStop with %q", err, text)
			}
			if s.Ping(t.Context()) == nil {
				t.Error("the server answers after Stop")
			}
		})
	}
}

func TestDeathIsNoticed(t *testing.T) {
	s, err := fake(t, systemtest.Good).Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(s.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.Died():
	case <-time.After(10 * time.Second):
		t.Fatal("the death was not noticed")
	}
	if err := s.DeathError(); !errors.Is(err, system.ErrDied) || !strings.Contains(err.Error(), "killed") {
		t.Errorf("DeathError = %v, want ErrDied by signal killed", err)
	}
	if err := s.Stop(); !errors.Is(err, system.ErrDied) {
		t.Errorf("Stop = %v, want ErrDied", err)
	}
}

func TestFind(t *testing.T) {
	d := system.Definition{Name: "x", Binary: "no-such-server-anywhere", BinaryEnv: "BENCH_TEST_BINARY"}
	if _, err := d.Find(t.Context()); !errors.Is(err, system.ErrNotInstalled) {
		t.Errorf("absent: got %v, want ErrNotInstalled", err)
	}
	t.Setenv("BENCH_TEST_BINARY", "/nowhere/at-all")
	_, err := d.Find(t.Context())
	if !errors.Is(err, system.ErrOverride) || !strings.Contains(err.Error(), "$BENCH_TEST_BINARY") {
		t.Errorf("wrong override: got %v, want ErrOverride with the variable's name", err)
	}
	t.Setenv("BENCH_TEST_BINARY", os.Args[0])
	in, err := d.Find(t.Context())
	if err != nil || in.Path != os.Args[0] || len(in.SHA256) != 64 {
		t.Errorf("override: got %+v, %v", in, err)
	}
}

// installed finds a system of ours; the test is left out where it is missing, but for what CI has to have.
func installed(t *testing.T, name string, inCI bool) system.Installation {
	t.Helper()
	d, err := system.Read("../../experiments/systems", name)
	if err != nil {
		t.Fatal(err)
	}
	in, err := d.Find(t.Context())
	if errors.Is(err, system.ErrNotInstalled) && !(inCI && os.Getenv("CI") == "true") {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func TestRedisLifeCycle(t *testing.T) {
	in := installed(t, "redis", true)
	if !strings.HasPrefix(in.VersionFound, "Redis server v=") {
		t.Errorf("version %q", in.VersionFound)
	}
	s, err := in.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if count, err := s.KeyCount(t.Context()); err != nil || count != 0 {
		t.Errorf("KeyCount = %d, %v, want 0", count, err)
	}
	if s.MemoryBytes(t.Context()) == 0 {
		t.Error("Redis does not say how much memory it uses")
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
}
