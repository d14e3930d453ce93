package main

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"bpfdb/internal/kerneltest"
)

func TestStat(t *testing.T) {
	p := serve(t, "--addr", "127.0.0.1:0", "--path", "user")
	p.ask("SET k v\r\nGET k\r\nGET none\r\n", "+OK\r\n$1\r\nv\r\n$-1\r\n")
	exit, stdout, stderr := run(t, roleBpfdb, "stat", "--addr", p.addr, "--count", "2", "--interval", "50ms")
	if exit != 0 || stderr != "" {
		t.Errorf("exit %d, stderr %q", exit, stderr)
	}
	for _, want := range []string{`(?m)^commands +3$`, `(?m)^get_hits +1$`, `(?m)^get_misses +1$`,
		`(?m)^[0-9:]{8} .*user_commands=[0-9]+/s`} {
		if !regexp.MustCompile(want).MatchString(stdout) {
			t.Errorf("stdout has no line like %s:\n%s", want, stdout)
		}
	}
	p.end(syscall.SIGINT)
	exit, stdout, stderr = run(t, roleBpfdb, "stat", "--addr", p.addr, "--count", "1")
	checkRefusal(t, exit, stdout, stderr, exitFailure, "connection refused")
}

func TestProbe(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.MinKernel, kerneltest.BTF, kerneltest.Cgroup2)
	exit, stdout, stderr := run(t, roleBpfdb, "probe")
	if exit != 0 || stderr != "" {
		t.Errorf("exit %d, stderr %q", exit, stderr)
	}
	if lines := strings.Count(stdout, "\n"); lines != len(probes)+1 || strings.Count(stdout, "  yes\n") != len(probes) {
		t.Errorf("%d lines, want %d that end in yes and a header:\n%s", lines, len(probes), stdout)
	}
}

func TestProbeMissing(t *testing.T) {
	there := feature{"fire", "engine", func() error { return nil }}
	missing := feature{"water", "sockmap", func() error { return errors.New("dry\nland") }}
	var out bytes.Buffer
	if err := runProbes(&out, []feature{there, missing}); exitCode(err) != exitUnsupported {
		t.Errorf("got %v, want exit %d", err, exitUnsupported)
	}
	want := "FEATURE  NEEDED BY  FOUND\nfire     engine     yes\nwater    sockmap    no: dry; land\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}
