package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bpfdb/plots/plottest"
)

// saving is a machine below a directory, with one processor that saves power.
func saving(t *testing.T) (root, governor string) {
	t.Helper()
	root = t.TempDir()
	governor = filepath.Join(root, "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
	if err := os.MkdirAll(filepath.Dir(governor), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(governor, []byte("powersave"), 0o600); err != nil {
		t.Fatal(err)
	}
	return root, governor
}

// await waits until a file holds something, as a program that is not ours is to see to.
func await(t *testing.T, path, want string) {
	t.Helper()
	var text []byte
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if text, _ = os.ReadFile(path); string(text) == want {
			return
		}
	}
	t.Fatalf("%s holds %q, want %q", path, text, want)
}

func TestTuneAround(t *testing.T) {
	root, governor := saving(t)
	var log strings.Builder
	restore, err := tuneAround(root, &log)
	if err != nil {
		t.Fatal(err)
	}
	await(t, governor, "performance")
	if err := restore(); err != nil {
		t.Error(err)
	}
	await(t, governor, "powersave")
	if !strings.Contains(log.String(), "powersave -> performance") {
		t.Errorf("said %q", log.String())
	}
	if err := os.Remove(governor); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/proc/version", governor); err != nil { // nobody can write to it
		t.Fatal(err)
	}
	if _, err := tuneAround(root, io.Discard); err == nil || !strings.Contains(err.Error(), "cannot tune") {
		t.Errorf("%v, want an error that says what cannot be tuned", err)
	}
}

// Ctrl-C on bench tune puts everything back, and is no failure.
func TestTuneInterrupted(t *testing.T) {
	root, governor := saving(t)
	ctx, interrupt := context.WithCancel(t.Context())
	in, open, err := os.Pipe() // a standard input that does not end
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer open.Close()
	done := make(chan error)
	go func() { done <- tuneUntilEnd(ctx, root, in, io.Discard) }()
	await(t, governor, "performance")
	interrupt()
	if err := <-done; err != nil {
		t.Error(err)
	}
	await(t, governor, "powersave")
}

// tunerEnv holds the root of a test binary that is to tune, and then to wait for its end.
const tunerEnv = "BENCH_TEST_TUNER"

// beTuner is what such a binary does.
func beTuner(root string) {
	if _, err := tuneAround(root, io.Discard); err != nil {
		os.Exit(1)
	}
	time.Sleep(time.Minute)
}

// asTuner starts the test binary so.
func asTuner(t *testing.T, root string) *exec.Cmd {
	t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), tunerEnv+"="+root)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return command
}

// Killed, a program takes no leave; the one it has started beside itself restores all the same.
func TestTuneSurvivesKill(t *testing.T) {
	root, governor := saving(t)
	killed := asTuner(t, root)
	await(t, governor, "performance")
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = killed.Wait()
	await(t, governor, "powersave")
}

func TestWarnOfSteal(t *testing.T) {
	r := plottest.Run(1)
	r.Trials[2].CPU.StealNS = r.Trials[2].DurationNS / 10 // 5 % of two processors
	r.Trials[3].CPU.StealNS = r.Trials[3].DurationNS / 100
	var text strings.Builder
	warn(&text, r)
	if want := "in 1 of 48 trials the hypervisor gave more than 2 % of"; !strings.Contains(text.String(), want) {
		t.Errorf("no %q in %q", want, text.String())
	}
}
