// Package systemtest turns a test binary into a small RESP server that can misbehave in
// chosen ways, so that what the harness does about bad servers is tested with real
// processes and without any server installed.
package systemtest

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"bpfdb/runners/system"

	"github.com/cilium/ebpf"
)

// Ways to behave.
const (
	Good      = "good"
	Silent    = "silent"    // serves but prints no ready line
	Stillborn = "stillborn" // exits 7 before it is ready
	Stubborn  = "stubborn"  // ignores SIGTERM
	Sore      = "sore"      // exits 3 on SIGTERM
	Mortal    = "mortal"    // exits 9 at the thousandth command
	Forgetful = "forgetful" // keeps only every second key
	Amnesiac  = "amnesiac"  // keeps every second key as it was first set
	Lying     = "lying"     // answers GET with the value of another key
	Refusing  = "refusing"  // answers GET with an error
	Durable   = "durable"   // logs each SET and knows all of them again after a restart
	Lossy     = "lossy"     // as durable, but forgets a key at each restart
	Filtering = "filtering" // has a BPF program run for each packet it gets (root)
)

// asServer is the first argument that makes the test binary a server.
const asServer = "systemtest-serve"

// Main is to be called by TestMain before anything else. It does not return if the
// process was started as a server.
func Main() {
	if len(os.Args) == 4 && os.Args[1] == asServer {
		serve(os.Args[2], os.Args[3])
		os.Exit(0)
	}
}

// Definition is the running test binary as a system that behaves in some way.
func Definition(name, behaviour string) system.Definition {
	return system.Definition{
		Name: name, Title: name, Binary: os.Args[0], Ready: system.ReadyLine,
		Arguments:    []string{asServer, "{{addr}}", behaviour},
		Settings:     map[string]string{"persistence": "none", "memory": "8GiB", "threads": "any"},
		ReadyTimeout: 10 * time.Second, StopTimeout: 10 * time.Second,
	}
}

// WriteDefinition writes NAME.yaml with such a system into a directory of systems.
func WriteDefinition(t *testing.T, dir, name, behaviour string) {
	t.Helper()
	text := fmt.Sprintf("name: %s\ntitle: %s\nbinary: %q\nready: line\n"+
		"arguments: [%s, \"{{addr}}\", %s]\nsettings: {persistence: none, memory: 8GiB, threads: any}\n",
		name, name, os.Args[0], asServer, behaviour)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// server is the state behind all connections.
type server struct {
	behaviour string
	commands  atomic.Int64
	keys      struct {
		sync.Mutex
		values map[string]string
	}
	file  *json.Encoder // of one that is durable
	saved time.Time     // when its checkpoint is done

	filter *ebpf.Program // of one that is filtering
}

func serve(addr, behaviour string) {
	if behaviour == Stillborn {
		fail(7, "out of luck")
	}
	terminate := make(chan os.Signal, 1)
	signal.Notify(terminate, syscall.SIGTERM)
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		fail(1, err.Error())
	}
	s := &server{behaviour: behaviour}
	s.keys.values = map[string]string{}
	if behaviour == Filtering {
		if s.filter, err = loadFilter(); err != nil {
			fail(1, err.Error())
		}
	}
	if err := s.recover(); err != nil {
		fail(1, err.Error())
	}
	go func() { // ends with the process
		for {
			conn, err := listener.Accept()
			if err != nil {
				fail(1, err.Error())
			}
			go s.converse(conn)
		}
	}()
	if behaviour != Silent {
		fmt.Printf("systemtest\nready %s\n", addr)
	}
	for range terminate {
		switch behaviour {
		case Stubborn:
		case Sore:
			fail(3, "could not clean up")
		default:
			return
		}
	}
}

func fail(code int, reason string) {
	fmt.Fprintf(os.Stderr, "systemtest: %s\n", reason)
	os.Exit(code)
}
