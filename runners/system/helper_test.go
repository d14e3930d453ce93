package system_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"bpfdb/runners/system"
)

// fakeEnv makes the test binary a server instead of a test: its value says which kind.
const fakeEnv = "BENCH_FAKE_SERVER"

func TestMain(m *testing.M) {
	if kind := os.Getenv(fakeEnv); kind != "" {
		fakeServer(kind, os.Args[1])
		return
	}
	os.Exit(m.Run())
}

// fakeServer speaks just enough RESP for a life cycle. Kinds: good, silent (accepts but
// prints no ready line), dies (before it is ready), stubborn (ignores SIGTERM), sore
// (exits 3 on SIGTERM).
func fakeServer(kind, addr string) {
	if kind == "dies" {
		fmt.Fprintln(os.Stderr, "fake: out of luck")
		os.Exit(7)
	}
	terminate := make(chan os.Signal, 1)
	signal.Notify(terminate, syscall.SIGTERM)
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go answer(conn)
		}
	}()
	if kind != "silent" {
		fmt.Printf("fake server\nready %s\n", addr)
	}
	for range terminate {
		switch kind {
		case "stubborn":
		case "sore":
			fmt.Fprintln(os.Stderr, "fake: could not clean up")
			os.Exit(3)
		default:
			return
		}
	}
}

func answer(conn net.Conn) {
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		switch strings.ToUpper(lines.Text()) {
		case "PING":
			fmt.Fprint(conn, "+PONG\r\n")
		case "DBSIZE":
			fmt.Fprint(conn, ":42\r\n")
		case "INFO":
			fmt.Fprint(conn, "$17\r\nused_memory:4096\n\r\n")
		}
	}
}

// fake is the installation of the test binary as a server of a kind.
func fake(t *testing.T, kind string) system.Installation {
	t.Helper()
	t.Setenv(fakeEnv, kind)
	d := system.Definition{
		Name: "fake-" + kind, Title: "Fake", Binary: os.Args[0],
		Arguments: []string{"{{addr}}"}, Ready: system.ReadyLine,
		ReadyTimeout: 10 * time.Second, StopTimeout: 10 * time.Second,
	}
	in, err := d.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return in
}
