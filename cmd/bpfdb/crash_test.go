package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"bpfdb/engine"
	"bpfdb/internal/kerneltest"
	"bpfdb/internal/oracle"
)

// crashWindow is the window of asynchronous durability in these tests.
const crashWindow = 250 * time.Millisecond

// crashRounds is how often servers are killed: 10 times, or as often as BPFDB_CRASH_ROUNDS says.
func crashRounds(t *testing.T) int {
	rounds, err := 10, error(nil)
	if text := os.Getenv("BPFDB_CRASH_ROUNDS"); text != "" {
		if rounds, err = strconv.Atoi(text); err != nil || rounds < 1 {
			t.Fatalf("BPFDB_CRASH_ROUNDS=%s: want a number", text)
		}
	}
	return rounds
}

// victim is a server to be killed again and again, always with the same store.
type victim struct {
	durability engine.Durability
	path       string
	dir, pin   string
	fleet      *oracle.Fleet
	random     *rand.Rand
	killed     time.Time
}

func (v *victim) serve(t *testing.T) *process {
	args := []string{"--addr", "127.0.0.1:0", "--path", v.path, "--durability", string(v.durability),
		"--async-window", crashWindow.String(), "--checkpoint-after", "1MiB"}
	if v.dir != "" {
		args = append(args, "--dir", v.dir)
	}
	if v.pin != "" {
		args = append(args, "--pin="+v.pin)
	}
	return serve(t, args...)
}

// check compares what there is after a restart with what may be.
func (v *victim) check(t *testing.T, p *process) {
	t.Helper()
	until := time.Now()
	if v.durability == engine.DurabilityAsync && v.pin == "" {
		until = v.killed.Add(-crashWindow)
	}
	if err := v.fleet.Verify(p.addr, until); err != nil {
		t.Fatalf("%v; the server printed %q", err, p.stderr.String())
	}
}

// round starts the server, has clients work, with checkpoints meanwhile, and kills it.
func (v *victim) round(t *testing.T) {
	p := v.serve(t)
	v.check(t, p)
	stop := make(chan struct{})
	time.AfterFunc(time.Duration(100+v.random.IntN(900))*time.Millisecond, func() {
		v.killed = time.Now()
		p.cmd.Process.Signal(syscall.SIGKILL)
		time.Sleep(50 * time.Millisecond)
		close(stop)
	})
	if v.dir != "" {
		go saveOften(p.addr, stop)
	}
	if err := v.fleet.Run([]string{p.addr}, stop); err != nil {
		t.Fatal(err)
	}
	<-stop
	if state, _ := p.end(syscall.SIGKILL); state.Exited() {
		t.Fatalf("ended by itself with %v: %q", state, p.stderr.String())
	}
	if v.pin != "" {
		v.audit(t, false)
	}
}

// saveOften asks for one checkpoint after the other, until stop.
func saveOften(addr string, stop chan struct{}) {
	conn, err := oracle.Dial(addr)
	if err != nil {
		return
	}
	defer conn.Close()
	for {
		select {
		case <-stop:
			return
		case <-time.After(50 * time.Millisecond):
			if _, err := conn.Do("BGSAVE"); err != nil {
				return
			}
		}
	}
}

// audit adopts what a killed server has left and accounts for all of it; at last nothing may stay pinned.
func (v *victim) audit(t *testing.T, last bool) {
	t.Helper()
	db, err := engine.Open(engine.Options{MemoryBytes: 256 << 20, Durability: v.durability, Dir: v.dir, Pin: v.pin,
		AsyncWindow: crashWindow, CheckpointBytes: engine.NoCheckpoints})
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Audit()
	for range 5 { // the engine may still free what the killed one had left
		if err == nil {
			break
		}
		t.Logf("audit: %v", err)
		time.Sleep(200 * time.Millisecond)
		_, err = db.Audit()
	}
	stats := db.Stats()
	// Its last frame may be incomplete, but then its commits are still in the kernel.
	lacks := func(note string) bool { return strings.Contains(note, "lost commits") }
	r := db.Recovered()
	if !r.Adopted || stats.Txns != 0 || stats.Snapshots != 0 || slices.ContainsFunc(r.Notes, lacks) {
		t.Errorf("adopted %+v, with %d transactions and %d snapshots open", r, stats.Txns, stats.Snapshots)
	}
	if last {
		err = errors.Join(err, db.Unpin())
	}
	if err := errors.Join(err, db.Close()); err != nil {
		t.Error(err)
	}
}

// TestCrash kills servers under load, again and again: nothing that had been acknowledged to last may be lost,
// no transaction be torn, and nothing be left in the kernel.
func TestCrash(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.MinKernel, kerneltest.BTF, kerneltest.Cgroup2)
	tests := []struct {
		durability engine.Durability
		path       string
		pin        bool
	}{
		{engine.DurabilitySync, "user", false},
		{engine.DurabilitySync, "local", false},
		{engine.DurabilityAsync, "auto", true},
		{engine.DurabilitySync, "sockmap", false},
		{engine.DurabilityAsync, "auto", false},
		{engine.DurabilitySync, "wire", false},
		{engine.DurabilityNone, "auto", true},
		{engine.DurabilitySync, "auto", true},
	}
	rounds := crashRounds(t)
	for n, test := range tests {
		name := fmt.Sprintf("%s %s", test.durability, test.path)
		if test.pin {
			name += " pinned"
		}
		t.Run(name, func(t *testing.T) {
			kerneltest.VerifyClean(t, "bpfdb")
			seed := uint64(time.Now().UnixNano())
			v := &victim{durability: test.durability, path: test.path, random: rand.New(rand.NewPCG(seed, 1))}
			v.fleet = oracle.New(seed, 6, true, nil)
			if test.durability != engine.DurabilityNone {
				v.dir = filepath.Join(t.TempDir(), "data")
			}
			if test.pin {
				v.pin = pinDirectory(t)
			}
			for range (rounds + len(tests) - 1 - n) / len(tests) {
				v.round(t)
			}
			p := v.serve(t)
			v.check(t, p)
			if state, _ := p.end(syscall.SIGTERM); state.ExitCode() != 0 {
				t.Errorf("ended with %v: %q", state, p.stderr.String())
			}
			if v.pin != "" {
				v.audit(t, true)
			}
			t.Logf("seed %d: %+v", seed, v.fleet.Figures())
		})
	}
}

// pinDirectory is a directory in a BPF filesystem of the test's own.
func pinDirectory(t *testing.T) string {
	t.Helper()
	return filepath.Join(kerneltest.BPFFS(t), "store")
}
