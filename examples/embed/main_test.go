package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"bpfdb/engine"
	"bpfdb/internal/kerneltest"
)

//go:generate go tool bpf2go -go-package main -tags linux -target amd64 -output-suffix _test -no-global-types packets testdata/packets.bpf.c

// requireTracefs mounts the directory of tracepoints where no init system has.
func requireTracefs(t *testing.T) {
	t.Helper()
	const dir = "/sys/kernel/tracing"
	if _, err := os.Stat(filepath.Join(dir, "events")); err == nil {
		return
	}
	if err := unix.Mount("tracefs", dir, "tracefs", 0, ""); err != nil {
		t.Fatalf("mount tracefs: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

// command copies `true` under a name that no other process has.
func command(t *testing.T) (path, name string) {
	t.Helper()
	text, err := os.ReadFile("/bin/true")
	if err != nil {
		t.Fatal(err)
	}
	name = fmt.Sprintf("embed%d", os.Getpid())
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, text, 0o755); err != nil {
		t.Fatal(err)
	}
	return path, name
}

func TestExecs(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.BTF, kerneltest.MinKernel)
	kerneltest.VerifyClean(t, "count_exec")
	requireTracefs(t)
	const starts = 50
	path, name := command(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() { // ends with ctx
		err := run(ctx, in)
		in.CloseWithError(err)
		ended <- err
	}()
	lines := bufio.NewReader(out)
	if _, err := lines.ReadString('\n'); err != nil { // "counting": attached by now
		t.Fatal(err)
	}
	for range starts {
		if err := exec.Command(path).Run(); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	printed, err := io.ReadAll(lines)
	if err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("%-16s %d\n", name, starts)
	if !bytes.Contains(printed, []byte(want)) {
		t.Errorf("got %q, want %q in it", printed, want)
	}
}

// TestPackets runs the same operators at XDP, in softirq.
func TestPackets(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.BTF, kerneltest.MinKernel)
	db, err := engine.Open(engine.Options{MemoryBytes: 128 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	spec, err := loadPackets()
	if err != nil {
		t.Fatal(err)
	}
	collection, err := ebpf.NewCollectionWithOptions(spec, db.CollectionOptions(spec))
	if err != nil {
		t.Fatalf("%+v", err)
	}
	defer collection.Close()
	const sent, payload = 500, 100
	done := make(chan struct{})
	go func() { // its thread stays in the namespace, and ends with it
		defer close(done)
		runtime.LockOSThread()
		if err := sendThroughXDP(collection.Programs["count_packet"], sent, payload); err != nil {
			t.Error(err)
		}
	}()
	<-done
	const headers = 14 + 20 + 8 // Ethernet, IPv4, UDP
	count, err := db.Get(binary.LittleEndian.AppendUint64(nil, headers+payload))
	if err != nil || binary.LittleEndian.Uint64(count) != sent {
		t.Errorf("got %v, %v, want %d", count, err, sent)
	}
}

// sendThroughXDP moves the thread to a network namespace of its own and sends datagrams
// over its loopback interface, with the program attached.
func sendThroughXDP(program *ebpf.Program, sent, payload int) error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("new network namespace: %w", err)
	}
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(socket)
	loopback, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	loopback.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, loopback); err != nil {
		return fmt.Errorf("bring lo up: %w", err)
	}
	hook, err := link.AttachXDP(link.XDPOptions{Program: program, Interface: 1}) // lo is always 1
	if err != nil {
		return fmt.Errorf("attach: %w", err)
	}
	defer hook.Close()
	to := &unix.SockaddrInet4{Port: 9, Addr: [4]byte{127, 0, 0, 1}}
	for range sent {
		if err := unix.Sendto(socket, make([]byte, payload), 0, to); err != nil {
			return fmt.Errorf("send: %w", err)
		}
	}
	return nil
}
