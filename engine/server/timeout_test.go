package server

import (
	"bufio"
	"net"
	"testing"
	"time"

	"bpfdb/engine"
)

// TestIdleTransaction leaves transactions open and silent. What their clients then send must not take effect
// outside the transaction they believe to be in, until they end it.
func TestIdleTransaction(t *testing.T) {
	for _, path := range testedPaths {
		t.Run(string(path), func(t *testing.T) {
			s := startWith(t, engine.Options{TxnTimeout: 20 * time.Millisecond}, Options{Path: path})
			conn, err := net.Dial("tcp", s.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			in := bufio.NewReader(conn)
			play := func(lines ...string) {
				t.Helper()
				conn.SetDeadline(time.Now().Add(testTimeout))
				for i := 0; i < len(lines); i += 2 {
					if _, err := conn.Write([]byte(lines[i] + "\r\n")); err != nil {
						t.Fatal(err)
					}
					if got, err := in.ReadString('\n'); got != lines[i+1]+"\r\n" {
						t.Errorf("%s: got %q, %v, want %q", lines[i], got, err, lines[i+1])
					}
				}
			}
			const gone = "-TIMEOUT the transaction was idle for too long and has been aborted"
			waitTimeouts := func(n uint64) {
				t.Helper()
				waitUntil(t, "the transaction is aborted", func() bool { return s.counter("timeouts") >= n })
			}
			for i, begin := range []string{"BEGIN", "BEGIN READONLY"} {
				play(begin, "+OK")
				waitTimeouts(uint64(2*i + 1))
				play("SET k v", gone, "PING", gone, "BEGIN", gone, "COMMIT", gone, "EXISTS k", ":0", begin, "+OK")
				waitTimeouts(uint64(2*i + 2))
				play("EXISTS k", gone, "ABORT", "+OK", "SET k v", "+OK", "DEL k", ":1")
			}
		})
	}
}
