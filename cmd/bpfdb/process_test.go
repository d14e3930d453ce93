package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bpfdb/internal/kerneltest"
)

// What the environment makes of the test binary: bpfdb itself, or bpfdb without any privilege.
const (
	roleVariable     = "BPFDB_TEST_ROLE"
	roleBpfdb        = "bpfdb"
	roleUnprivileged = "unprivileged"
)

// processTimeout bounds the wait for a process to be ready or to end.
const processTimeout = 2 * time.Minute

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case roleUnprivileged:
		panic(becomeUnprivileged())
	case roleBpfdb:
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// becomeUnprivileged executes this binary again as a bpfdb that has no capabilities, though it may be root.
func becomeUnprivileged() error {
	runtime.LockOSThread() // capabilities belong to threads, and exec keeps those of its caller
	for capability := range uintptr(unix.CAP_LAST_CAP + 1) {
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, capability, 0, 0, 0); err != nil {
			return err
		}
	}
	os.Setenv(roleVariable, roleBpfdb)
	return syscall.Exec(os.Args[0], os.Args, os.Environ())
}

// process is a running bpfdb.
type process struct {
	t              *testing.T
	cmd            *exec.Cmd
	stdout         *bufio.Reader
	stderr         bytes.Buffer
	ready          string // its first line
	addr, path     string
	killedForDelay *time.Timer
}

func command(role string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	return cmd
}

// serve starts bpfdb serve and waits until it is ready.
func serve(t *testing.T, args ...string) *process {
	t.Helper()
	kerneltest.Require(t, kerneltest.Root, kerneltest.MinKernel, kerneltest.BTF, kerneltest.Cgroup2)
	p := &process{t: t, cmd: command(roleBpfdb, append([]string{"serve", "--memory", "256MiB"}, args...)...)}
	p.cmd.Stderr = &p.stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.killedForDelay = time.AfterFunc(processTimeout, func() { p.cmd.Process.Kill() })
	t.Cleanup(func() { p.cmd.Process.Kill() }) // does nothing once it has ended
	p.stdout = bufio.NewReader(stdout)
	p.ready, _ = p.stdout.ReadString('\n')
	fields := strings.Fields(p.ready)
	if len(fields) != 3 || fields[0] != "ready" {
		p.cmd.Process.Kill()
		p.cmd.Wait()
		t.Fatalf("stdout began %q, want ready addr=... path=...; stderr %q", p.ready, p.stderr.String())
	}
	p.addr = strings.TrimPrefix(fields[1], "addr=")
	p.path = strings.TrimPrefix(fields[2], "path=")
	return p
}

// end sends a signal and returns how the process ended and what else it had printed.
func (p *process) end(signal os.Signal) (state *os.ProcessState, rest string) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
	var text strings.Builder
	if _, err := p.stdout.WriteTo(&text); err != nil {
		p.t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := p.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	if !p.killedForDelay.Stop() {
		p.t.Fatalf("did not end within %v of its start", processTimeout)
	}
	return p.cmd.ProcessState, text.String()
}

// ask sends a request on a new connection, which stays open, and expects the reply.
func (p *process) ask(request, reply string) {
	p.t.Helper()
	conn, err := net.Dial("tcp", p.addr)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(processTimeout))
	got := make([]byte, len(reply))
	if _, err = conn.Write([]byte(request)); err == nil {
		_, err = io.ReadFull(conn, got)
	}
	if string(got) != reply || err != nil {
		p.t.Fatalf("%q answered %q, %v, want %q", request, got, err, reply)
	}
}

// run runs bpfdb to its end.
func run(t *testing.T, role string, args ...string) (exit int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := command(role, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(processTimeout, func() { cmd.Process.Kill() })
	defer timer.Stop()
	cmd.Wait()
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}
