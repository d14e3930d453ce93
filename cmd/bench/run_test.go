package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bpfdb/results"
	"bpfdb/runners/run"
	"bpfdb/runners/system"
	"bpfdb/runners/system/systemtest"
)

func TestMain(m *testing.M) {
	systemtest.Main()
	// As bench itself: a process that can be killed, and workers of a fleet.
	if arguments, asBench := strings.CutPrefix(os.Getenv(asBenchEnv), "run "); asBench {
		words := append([]string{"run"}, strings.Fields(arguments)...)
		os.Exit(bench(context.Background(), words, os.Stdout, os.Stderr))
	}
	if len(os.Args) > 1 && os.Args[1] == tuneCommand {
		os.Exit(bench(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
	}
	if root := os.Getenv(tunerEnv); root != "" {
		beTuner(root)
	}
	if len(os.Args) == 2 && os.Args[1] == run.WorkerCommand {
		os.Exit(bench(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// asBenchEnv holds the arguments of a test binary that is to be bench.
const asBenchEnv = "BENCH_TEST_ARGUMENTS"

const tinySpec = `name: tiny
title: Tiny
workloads: [ycsb-f]
distributions: [ycsb-zipfian]
driver: go-redis
value_bytes: [100]
connections: [4]
pipeline: [1]
systems: [SYSTEMS]
records: 500
operations: 3000
rounds: 2
`

// tiny writes a spec over the given systems; redis is the one we ship, the others are
// named after how they behave.
func tiny(t *testing.T, systems ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range systems {
		if name != "redis" {
			systemtest.WriteDefinition(t, filepath.Join(dir, "systems"), name, name)
			continue
		}
		shipped, err := os.ReadFile("../../experiments/systems/redis.yaml")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(dir, "systems"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "systems", "redis.yaml"), shipped, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "tiny.yaml")
	text := strings.Replace(tinySpec, "SYSTEMS", strings.Join(systems, ", "), 1)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// invoke runs the program and returns what it wrote.
func invoke(t *testing.T, arguments ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = bench(t.Context(), arguments, &out, &errs)
	return code, out.String(), errs.String()
}

func TestUsageErrors(t *testing.T) {
	spec := tiny(t, systemtest.Good)
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	if err := os.WriteFile(broken, []byte("name: broken\ntitel: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		arguments []string
		want      string
	}{
		{[]string{"fly"}, `unknown command "fly"`},
		{[]string{"run"}, "requires at least 1 arg"},
		{[]string{"run", spec, "--fast"}, "unknown flag: --fast"},
		{[]string{"run", spec, "--seed", "x"}, `invalid argument "x" for "--seed"`},
		{[]string{"run", spec, "--profile", "huge"}, `profile "huge" is not one of [quick paper]`},
		{[]string{"run", spec, "--system", "oracle"}, `system "oracle" is in none of the specs`},
		{[]string{"run", broken}, "broken.yaml:2: titel: unknown field"},
		{[]string{"plan", broken}, "broken.yaml:2: titel: unknown field"},
		{[]string{"plan", "none.yaml"}, "none.yaml: no such file"},
		{[]string{"plan", spec, spec}, "have the same name"},
		{[]string{"env", "extra"}, `unknown command "extra"`},
	} {
		code, stdout, stderr := invoke(t, c.arguments...)
		lines := strings.Count(stderr, "\n")
		if code != 2 || stdout != "" || lines != 1 || !strings.Contains(stderr, c.want) {
			t.Errorf("bench %v: exit %d, stdout %q, stderr %q; want 2, nothing, one line with %q",
				c.arguments, code, stdout, stderr, c.want)
		}
	}
}

func TestPlanPrints(t *testing.T) {
	code, stdout, stderr := invoke(t, "plan", tiny(t, systemtest.Good), "--profile", "paper")
	if code != 0 || stderr != "" || !strings.Contains(stdout, "1 cells, 2 trials, about 0.0 minutes") {
		t.Errorf("exit %d, stderr %q, stdout %q", code, stderr, stdout)
	}
}

func TestEnvPrintsJSON(t *testing.T) {
	code, stdout, _ := invoke(t, "env")
	var e results.Environment
	if err := json.Unmarshal([]byte(stdout), &e); err != nil || code != 0 {
		t.Fatalf("exit %d: %v", code, err)
	}
	if e.Kernel == "" || e.Clocksource == "" || e.GoVersion == "" {
		t.Errorf("environment %+v", e)
	}
}

// progressLines counts the lines about trials, not what there is to say of the machine.
func progressLines(stderr string) int { return strings.Count("\n"+stderr, "\n[") }

// The whole way from a spec file to run.json, with Redis and another server beside it.
func TestRunEndToEnd(t *testing.T) {
	systems := []string{systemtest.Good}
	redis, err := system.Read("../../experiments/systems", "redis")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := redis.Find(t.Context()); err == nil {
		systems = append(systems, "redis")
	}
	out := filepath.Join(t.TempDir(), "out")
	code, stdout, stderr := invoke(t, "run", tiny(t, systems...), "--out", out)
	if code != 0 || strings.TrimSpace(stdout) != filepath.Join(out, "run.json") {
		t.Fatalf("exit %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	if lines := progressLines(stderr); lines != 2*len(systems) {
		t.Errorf("%d lines of progress for %d trials:\n%s", lines, 2*len(systems), stderr)
	}
	r, err := results.ReadRun(out)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Trials) != 2*len(systems) {
		t.Errorf("%d trials on %v", len(r.Trials), systems)
	}
	for _, trial := range r.Trials {
		if trial.Failure != "" || trial.Ops != 3000 || trial.Errors+trial.VerifyFailures+trial.Misses != 0 {
			t.Errorf("trial %+v", trial)
		}
		if first := r.Trials[trial.Round*len(systems)]; trial.OpStreamHash != first.OpStreamHash {
			t.Errorf("op streams of round %d differ", trial.Round)
		}
	}
}

func TestRunExitCodes(t *testing.T) {
	for behaviour, want := range map[string]string{
		systemtest.Stillborn: "nothing was measured: all 2 trials failed",
		systemtest.Lying:     "wrong values read",
	} {
		code, _, stderr := invoke(t, "run", tiny(t, behaviour), "--out", t.TempDir())
		if code != 1 || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, want 1; stderr %q, want %q", behaviour, code, stderr, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stderr bytes.Buffer
	arguments := []string{"run", tiny(t, systemtest.Good), "--out", t.TempDir()}
	if code := bench(ctx, arguments, &stderr, &stderr); code != 130 {
		t.Errorf("interrupted: exit %d, want 130; %s", code, stderr.String())
	}
}

// A run that is killed goes on where it was and ends as if nothing had happened.
func TestKilledRunIsResumed(t *testing.T) {
	spec := tiny(t, systemtest.Good)
	text, err := os.ReadFile(spec)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(spec, bytes.Replace(text, []byte("rounds: 2"), []byte("rounds: 12"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	killed := exec.Command(os.Args[0])
	// What it cannot take away any more, the test does.
	killed.Env = append(os.Environ(), asBenchEnv+"=run "+spec+" --out "+out, "TMPDIR="+t.TempDir())
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if r, err := results.ReadRun(out); err == nil && len(r.Trials) >= 2 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no trial was done in a minute")
		}
	}
	killed.Process.Kill()
	killed.Wait()
	half, err := results.ReadRun(out)
	if err != nil || !half.Finished.IsZero() {
		t.Fatalf("after the kill: %v, finished %v", err, half.Finished)
	}
	code, _, stderr := invoke(t, "run", spec, "--resume", out)
	if code != 0 || progressLines(stderr) != 12-len(half.Trials) {
		t.Errorf("exit %d with %d of 12 trials left: %s", code, 12-len(half.Trials), stderr)
	}
	r, err := results.ReadRun(out)
	if err != nil || len(r.Trials) != 12 || r.Finished.IsZero() {
		t.Fatalf("resumed: %v, %d trials", err, len(r.Trials))
	}
	for i, trial := range r.Trials {
		if trial.Order != i || trial.Failure != "" {
			t.Errorf("trial %d: %+v", i, trial)
		}
	}
	if code, _, stderr := invoke(t, "run", spec, "--seed", "9", "--resume", out); code != 2 {
		t.Errorf("resumed with another seed: exit %d, %s", code, stderr)
	}
}

// Clients of an experiment are processes of their own, and their load is the same.
func TestRunWithClients(t *testing.T) {
	hashes := map[string]bool{}
	for _, clients := range []string{"", "clients: [local, local, env " + os.Args[0] + "]\n"} {
		spec := tiny(t, systemtest.Good)
		text, err := os.ReadFile(spec)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(spec, append(text, clients...), 0o600); err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(t.TempDir(), "out")
		if code, _, stderr := invoke(t, "run", spec, "--out", out); code != 0 {
			t.Fatalf("exit %d: %s", code, stderr)
		}
		r, err := results.ReadRun(out)
		if err != nil {
			t.Fatal(err)
		}
		first := r.Trials[0]
		hashes[first.OpStreamHash] = true
		if want := strings.Count(clients, "local") * 3 / 2; first.Ops != 3000 || first.Client.Processes != want {
			t.Errorf("%d operations of %d processes, want 3000 of %d", first.Ops, first.Client.Processes, want)
		}
	}
	if len(hashes) != 1 {
		t.Errorf("one process and three sent different loads: %v", hashes)
	}
}
