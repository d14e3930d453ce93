package driver

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"bpfdb/internal/dialogue"
	"bpfdb/workloads"
)

// Records that are hashes, against a real server: what one field holds is read back as that, in
// closed loop and open, and a field that is damaged, or gone, is seen.
func TestHashes(t *testing.T) {
	addr := dialogue.StartRedis(t)
	for _, name := range []string{"ycsb-a", "ycsb-d", "ycsb-f"} {
		for _, rate := range []float64{0, 20_000} {
			cfg := testConfig(t, addr, Raw, name)
			cfg.Workload.Mapping, cfg.Workload.ValueBytes, cfg.Rate = workloads.MappingHash, 1000, rate
			inline(t, addr, "FLUSHALL")
			mustLoad(t, cfg)
			checkClean(t, cfg, mustRun(t, cfg))
			if kind := inline(t, addr, "TYPE "+string(workloads.AppendKey(nil, 3))); kind != "+hash" {
				t.Errorf("a record is %s, want a hash", kind)
			}
			back, err := ReadBack(context.Background(), cfg)
			if err != nil || back.Misses+back.VerifyFailures != 0 || back.Ops != 1000 {
				t.Errorf("%s: %+v, %v", name, back, err)
			}
		}
	}
	cfg := testConfig(t, addr, Raw, "ycsb-c")
	cfg.Workload.Mapping, cfg.Workload.ValueBytes = workloads.MappingHash, 1000
	key := string(workloads.AppendKey(nil, 3))
	for command, want := range map[string]string{
		"HDEL " + key + " field4":       "lacks 1 of 10 fields",
		"HSET " + key + " field4 x":     "another key",
		"HSET " + key + " field4 %s":    "another key", // of field 5
		"RENAME " + key + " some:where": "",
	} {
		mustLoad(t, cfg)
		if strings.Contains(command, "%s") {
			command = fmt.Sprintf(command, inline(t, addr, "HGET "+key+" field5")[1:])
		}
		inline(t, addr, command)
		back, err := ReadBack(context.Background(), cfg)
		switch {
		case err != nil:
			t.Fatal(err)
		case want == "" && (back.Misses != 1 || back.VerifyFailures != 0):
			t.Errorf("after %s: %d misses, %d wrong, want 1 miss", command, back.Misses, back.VerifyFailures)
		case want != "" && (back.VerifyFailures != 1 || !strings.Contains(back.FirstVerifyFailure, want)):
			t.Errorf("after %.40s: %d wrong, %s, want 1, %s", command, back.VerifyFailures,
				back.FirstVerifyFailure, want)
		}
	}
	cfg.Driver = GoRedis
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "hashes") {
		t.Errorf("go-redis: %v, want that only raw has hashes", err)
	}
}

// inline sends one inline command and returns the reply, of a bulk string the text after a $.
func inline(t *testing.T, addr, command string) string {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(command + "\r\n")); err != nil {
		t.Fatal(err)
	}
	var buf []byte
	for chunk := make([]byte, 4096); ; {
		n, err := conn.Read(chunk)
		if err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		buf = append(buf, chunk[:n]...)
		r, used, err := parse(buf)
		if err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		if used > 0 {
			return string(r.kind) + string(r.data)
		}
	}
}
