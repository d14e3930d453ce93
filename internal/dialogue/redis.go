package dialogue

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// StartRedis starts a redis-server with one database for the length of the test and returns its address.
// Without redis-server the test is skipped, or fails where CI=true. Config holds further lines of redis.conf.
func StartRedis(t testing.TB, config ...string) (addr string) {
	t.Helper()
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("redis-server is not installed, which CI=true does not excuse")
		}
		t.Skip("redis-server is not installed")
	}
	// The free port may be taken by somebody else before Redis binds it.
	for range 3 {
		if addr, err = startRedis(t, binary, config); err == nil {
			return addr
		}
	}
	t.Fatal(err)
	return ""
}

func startRedis(t testing.TB, binary string, config []string) (addr string, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	addr = listener.Addr().String()
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()

	config = append([]string{
		"bind 127.0.0.1", fmt.Sprintf("port %d", port), "databases 1", "save \"\"", "dir " + t.TempDir(),
	}, config...)
	var log bytes.Buffer
	cmd := exec.Command(binary, "-")
	cmd.Stdin = strings.NewReader(strings.Join(config, "\n") + "\n")
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		return "", err
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }() // ends with the process, which is killed below
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-exited
	})
	for deadline := time.Now().Add(replyTimeout); time.Now().Before(deadline); {
		if err = TCP(addr).Reset(); err == nil {
			return addr, nil
		}
		select {
		case err := <-exited:
			exited <- err
			return "", fmt.Errorf("redis-server ended early: %v\n%s", err, log.Bytes())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return "", fmt.Errorf("redis-server at %s does not answer: %w", addr, err)
}
