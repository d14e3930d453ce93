package main

import (
	"bytes"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/cilium/ebpf"

	"bpfdb/engine"
	"bpfdb/engine/server"
	"bpfdb/internal/kerneltest"
)

// TestServeEnds ends servers, with a client connected and data in, in every way there is: nothing of theirs may be
// left in the kernel.
func TestServeEnds(t *testing.T) {
	for _, test := range []struct {
		path, served string
		signal       syscall.Signal
	}{
		{"auto", "local+sockmap", syscall.SIGINT},
		{"sockmap", "sockmap", syscall.SIGTERM},
		{"sockmap", "sockmap", syscall.SIGKILL},
		{"local", "local", syscall.SIGTERM},
		{"local", "local", syscall.SIGKILL},
		{"wire", "wire", syscall.SIGINT},
		{"wire", "wire", syscall.SIGKILL},
		{"user", "user", syscall.SIGINT},
		{"user", "user", syscall.SIGKILL},
	} {
		t.Run(test.path+" "+test.signal.String(), func(t *testing.T) {
			kerneltest.VerifyClean(t, "bpfdb")
			p := serve(t, "--addr", "127.0.0.1:0", "--path", test.path)
			if p.path != test.served {
				t.Errorf("serves by path %s, want %s", p.path, test.served)
			}
			p.ask("SET k v\r\n", "+OK\r\n")
			p.ask("BEGIN\r\nSET k w\r\n", "+OK\r\n+OK\r\n")
			state, rest := p.end(test.signal)
			if rest != "" || p.stderr.Len() > 0 {
				t.Errorf("printed %q on stdout after its first line, %q on stderr", rest, p.stderr.String())
			}
			if killed := test.signal == syscall.SIGKILL; !killed && state.ExitCode() != 0 || killed != !state.Exited() {
				t.Errorf("ended with %v", state)
			}
		})
	}
}

// TestFailedStart fails at the last step, when all programs are loaded.
func TestFailedStart(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.MinKernel, kerneltest.BTF, kerneltest.Cgroup2)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, test := range []struct {
		role, addr, want string
		exit             int
	}{
		{roleBpfdb, taken.Addr().String(), "address already in use", exitFailure},
		{roleBpfdb, "192.0.2.1:6380", "cannot assign requested address", exitFailure},
		{roleUnprivileged, "127.0.0.1:0", "CAP_BPF", exitUnsupported},
	} {
		t.Run(test.want, func(t *testing.T) {
			kerneltest.VerifyClean(t, "bpfdb")
			exit, stdout, stderr := run(t, test.role, "serve", "--memory", "256MiB", "--addr", test.addr)
			checkRefusal(t, exit, stdout, stderr, test.exit, test.want)
		})
	}
}

func TestUsage(t *testing.T) {
	for args, want := range map[string]string{
		"serve --path fast":                "must be one of auto, user, sockmap, local, wire",
		"serve --iface eth0":               "--iface is for --path wire, not auto",
		"serve --memory 1KiB":              "memory is 1024",
		"serve --memory 1GB":               "--memory \"1GB\"",
		"serve --memory -1":                "--memory \"-1\"",
		"serve --memory 99999999TiB":       "--memory",
		"serve --addr nonsense":            "nonsense",
		"serve --addr 127.0.0.1:99999":     "99999",
		"serve --nonsense":                 "unknown flag: --nonsense",
		"serve --path":                     "flag needs an argument",
		"serve extra":                      "extra",
		"serve --durability sync":          "--durability sync needs --dir",
		"serve --durability often --dir d": "durability \"often\", must be one of",
		"serve --async-window 0s":          "--async-window 0s: must be positive",
		"serve --checkpoint-after some":    "--checkpoint-after \"some\"",
		"serve --requirepass-file f":       "--requirepass-file f: not available",
		"serve --backend redis://h":        "--backend redis://h: not available",
		"serve --metrics-addr 127.0.0.1:1": "--metrics-addr 127.0.0.1:1: not available",
		"serve --pin --addr 127.0.0.1:0":   "--pin needs an address with a port",
		"stat --interval 0s":               "--interval must be positive",
		"stat --count -1":                  "--count not negative",
		"probe extra":                      "extra",
		"nonsense":                         "nonsense",
	} {
		t.Run(args, func(t *testing.T) {
			exit, stdout, stderr := run(t, roleBpfdb, strings.Fields(args)...)
			checkRefusal(t, exit, stdout, stderr, exitUsage, want)
		})
	}
}

// checkRefusal checks the promise of one clear line on stderr, nothing on stdout and the exit code.
func checkRefusal(t *testing.T, exit int, stdout, stderr string, wantExit int, want string) {
	t.Helper()
	if exit != wantExit {
		t.Errorf("exit %d, want %d", exit, wantExit)
	}
	if stdout != "" {
		t.Errorf("stdout %q, want nothing", stdout)
	}
	if strings.Count(stderr, "\n") != 1 || !strings.HasSuffix(stderr, "\n") || !strings.Contains(stderr, want) {
		t.Errorf("stderr %q, want one line with %q", stderr, want)
	}
}

func TestExplain(t *testing.T) {
	refused := &ebpf.VerifierError{Cause: errors.New("permission denied"), Log: []string{"0: R1=ctx()", "R1 invalid"}}
	for _, test := range []struct {
		err     error
		verbose bool
		exit    int
		log     string // on stderr besides the error
	}{
		{refused, false, exitUnsupported, ""},
		{refused, true, exitUnsupported, "0: R1=ctx()"},
		{engine.ErrUnsupported, false, exitUnsupported, ""},
		{server.ErrPath, false, exitUnsupported, ""},
		{server.ErrAddress, false, exitUsage, ""},
		{engine.ErrOptions, false, exitUsage, ""},
		{errors.New("other"), false, exitFailure, ""},
	} {
		var stderr bytes.Buffer
		o := serveOptions{verbose: test.verbose}
		if got := exitCode(o.explain(test.err, &stderr)); got != test.exit {
			t.Errorf("%v: exit %d, want %d", test.err, got, test.exit)
		}
		if !strings.Contains(stderr.String(), test.log) || test.log == "" && stderr.Len() > 0 {
			t.Errorf("%v: log %q, want %q in it", test.err, stderr.String(), test.log)
		}
	}
}

func TestParseBytes(t *testing.T) {
	for text, want := range map[string]uint64{
		"0": 0, "1": 1, "7B": 7, "1KiB": 1024, "512mib": 512 << 20, "2TiB": 2 << 40,
	} {
		if got, err := parseBytes(text); got != want || err != nil {
			t.Errorf("%s: got %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "GiB", "1K", "1GB", "-1", "1.5GiB", "16777216TiB", "1 GiB"} {
		if got, err := parseBytes(text); err == nil {
			t.Errorf("%q: got %d, want an error", text, got)
		}
	}
}
