package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bpfdb/runners/driver"
	"bpfdb/runners/fleet"
)

// sshd serves with keys and a configuration of its own until the test ends, and returns the
// command that runs the test binary as a worker behind it.
func sshd(t *testing.T) (worker []string) {
	t.Helper()
	server := tool(t, "sshd")
	dir := t.TempDir()
	for _, key := range []string{"host", "client"} {
		run(t, tool(t, "ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, key))
	}
	host, port, err := net.SplitHostPort(freeAddr(t))
	if err != nil {
		t.Fatal(err)
	}
	hostKey, err := os.ReadFile(filepath.Join(dir, "host.pub"))
	if err != nil {
		t.Fatal(err)
	}
	known := filepath.Join(dir, "known")
	write(t, known, fmt.Sprintf("[%s]:%s %s", host, port, hostKey))
	config := filepath.Join(dir, "config")
	write(t, config, strings.Join([]string{
		"ListenAddress " + host, "Port " + port, "HostKey " + filepath.Join(dir, "host"),
		"AuthorizedKeysFile " + filepath.Join(dir, "client.pub"), "PidFile none", "StrictModes no", "UsePAM no",
		"PasswordAuthentication no", "KbdInteractiveAuthentication no", "PermitRootLogin yes", "",
	}, "\n"))
	separate(t)
	serve := exec.Command(server, "-D", "-e", "-f", config)
	var said strings.Builder
	serve.Stderr = &said
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		serve.Process.Kill() //nolint:errcheck // it may be gone already
		serve.Wait()         //nolint:errcheck // it was killed
		if t.Failed() {
			t.Logf("sshd said:\n%s", said.String())
		}
	})
	await(t, "sshd accepts", func() bool {
		conn, err := net.Dial("tcp", net.JoinHostPort(host, port))
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return []string{
		tool(t, "ssh"), "-F", "/dev/null", "-p", port, "-i", filepath.Join(dir, "client"), "-o", "BatchMode=yes",
		"-o", "IdentitiesOnly=yes", "-o", "UserKnownHostsFile=" + known, "-o", "GlobalKnownHostsFile=/dev/null",
		me.Username + "@" + host, os.Args[0], asWorker,
	}
}

// tool finds a program, or skips the test.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/" + name)
	}
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("%s is not installed, which CI=true does not excuse", name)
	default:
		t.Skipf("%s is not installed (openssh-server, openssh-client)", name)
	}
	return path
}

// separate makes the directory that an sshd of root wants, and removes it again.
func separate(t *testing.T) {
	t.Helper()
	const dir = "/run/sshd"
	if os.Geteuid() != 0 {
		return
	}
	if err := os.Mkdir(dir, 0o755); err == nil {
		t.Cleanup(func() { os.Remove(dir) }) //nolint:errcheck // another sshd may have begun to use it
	} else if !errors.Is(err, os.ErrExist) {
		t.Fatal(err)
	}
}

func run(t *testing.T, command ...string) {
	t.Helper()
	if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v: %s", command, err, out)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// await fails the test when something does not come true in time.
func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for begun := time.Now(); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Since(begun) > 20*time.Second {
			t.Fatalf("waited 20 s: %s", what)
		}
	}
}

// Members behind ssh send what one process would, and one beside them on this host too.
func TestFleetOverSSH(t *testing.T) {
	remote := sshd(t)
	cfg := load(t)
	one, err := driver.Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	three, err := fleet.Run(t.Context(), cfg, [][]string{remote, workers(1)[0], remote})
	if err != nil {
		t.Fatal(err)
	}
	if three.OpStreamDigest() != one.OpStreamDigest() || three.Ops != one.Ops || three.All.TotalCount() != 3001 {
		t.Errorf("fleet %d operations, %x; one process %d, %x", three.Ops, three.OpStreamDigest(), one.Ops,
			one.OpStreamDigest())
	}
	broken := append([]string{}, remote...)
	broken[len(broken)-2] = "/no/such/bench"
	if _, err := fleet.Run(t.Context(), cfg, [][]string{broken}); !errors.Is(err, fleet.ErrMember) ||
		!strings.Contains(err.Error(), "/no/such/bench") {
		t.Errorf("no bench over there: %v, want what the shell there said", err)
	}
}

// When the coordinator gives up, what it started elsewhere ends too.
func TestSSHLeavesNothing(t *testing.T) {
	remote := sshd(t)
	cfg := load(t)
	cfg.Operations, cfg.Warmup = 1<<40, driver.Warmup{}
	ctx, cancel := context.WithCancel(t.Context())
	cfg.Starting = func() { time.AfterFunc(300*time.Millisecond, cancel) }
	if _, err := fleet.Run(ctx, cfg, [][]string{remote}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	await(t, "the worker behind ssh ends", func() bool {
		files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, file := range files {
			text, _ := os.ReadFile(file)
			if string(text) == os.Args[0]+"\x00"+asWorker+"\x00" {
				return false
			}
		}
		return true
	})
}
