package server

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"bpfdb/internal/impair"
	"bpfdb/internal/kerneltest"
)

const linkTimeout = 90 * time.Second

// TestImpairedLink serves clients beyond links that lose, double, reorder and damage packets: every reply is
// checked, none may be missing. BPFDB_IMPAIR_OPS sets the operations of each client, and has all links tried over IPv6.
func TestImpairedLink(t *testing.T) {
	var long int
	if text := os.Getenv("BPFDB_IMPAIR_OPS"); text != "" {
		var err error
		if long, err = strconv.Atoi(text); err != nil || long < 1 {
			t.Fatalf("BPFDB_IMPAIR_OPS=%s: want a number of operations", text)
		}
	}
	for _, test := range []struct {
		name string
		impair.Impairment
		operations int
		both       bool // over IPv6 too
	}{
		{"clean", impair.Impairment{}, 2000, true},
		{"loss 0.1 %", impair.Impairment{Loss: 0.001}, 2000, false},
		{"loss 1 %", impair.Impairment{Loss: 0.01}, 1000, false},
		{"loss 5 %", impair.Impairment{Loss: 0.05}, 300, true},
		{"duplicates", impair.Impairment{Duplicate: 0.1}, 1000, false},
		{"reordering", impair.Impairment{Reorder: 0.1}, 1000, false},
		{"delay", impair.Impairment{Delay: 50 * time.Millisecond}, 30, false},
		{"damage", impair.Impairment{Corrupt: 0.01}, 500, false},
		{"all", impair.Impairment{Loss: 0.01, Duplicate: 0.02, Reorder: 0.05, Corrupt: 0.005}, 500, true},
	} {
		hosts := []string{impair.Host, impair.Host6}
		if long > 0 {
			test.operations = long
		} else if !test.both {
			hosts = hosts[:1]
		}
		for _, host := range hosts {
			t.Run(test.name+" "+host, func(t *testing.T) { impaired(t, host, test.Impairment, test.operations) })
		}
	}
}

func impaired(t *testing.T, host string, i impair.Impairment, operations int) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.MinKernel, kerneltest.BTF, kerneltest.Cgroup2)
	i.Seed = 1
	link, err := impair.Open(i)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := link.Close(); err != nil {
			t.Error(err)
		}
	}()
	s := startTest(t, Options{Path: PathWire, Addr: net.JoinHostPort(host, "0")})
	var clients sync.WaitGroup
	for id := range 4 {
		conn, err := link.Dial(s.Addr().String(), linkTimeout)
		if err != nil {
			t.Fatal(err)
		}
		clients.Go(func() {
			defer conn.Close()
			if err := converseChecked(conn, id, operations); err != nil {
				t.Errorf("client %d: %v", id, err)
			}
		})
	}
	clients.Wait()
	t.Logf("%+v, %d batches in place of %d commands, %d resent", link.Counts(), s.counter("fast_batches"),
		s.counter("commands"), s.counter("wire_resent"))
	if s.counter("fast_batches") == 0 {
		t.Error("nothing was answered in place")
	}
}

// converseChecked writes and reads keys of its own, in pipelines of 1 to 16 commands with values of all sizes, and
// compares every reply with what a map says.
func converseChecked(conn net.Conn, id, operations int) error {
	random := rand.New(rand.NewPCG(uint64(id), 7))
	sizes := []int{0, 1, 17, 100, 100, 100, 1000, 1000, 3000, 20000}
	values := map[string]string{}
	for done := 0; done < operations; {
		if err := conn.SetDeadline(time.Now().Add(linkTimeout)); err != nil {
			return err
		}
		var send, want []byte
		for range 1 + random.IntN(16)*random.IntN(2) {
			key := fmt.Sprintf("client:%d:%d", id, random.IntN(20))
			if random.IntN(2) == 0 {
				values[key] = strings.Repeat(string(rune('a'+random.IntN(26))), sizes[random.IntN(len(sizes))])
				send, want = append(send, request("SET", key, values[key])...), append(want, "+OK\r\n"...)
			} else if value, ok := values[key]; ok {
				send, want = append(send, request("GET", key)...), append(want, bulkReply(value)...)
			} else {
				send, want = append(send, request("GET", key)...), append(want, "$-1\r\n"...)
			}
			done++
		}
		if _, err := conn.Write(send); err != nil {
			return fmt.Errorf("after %d operations: %w", done, err)
		}
		got := make([]byte, len(want))
		if n, err := io.ReadFull(conn, got); err != nil {
			return fmt.Errorf("after %d operations, %d of %d bytes: %w", done, n, len(want), err)
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("after %d operations: got %s, want %s", done, short(got), short(want))
		}
	}
	return nil
}
