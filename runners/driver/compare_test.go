package driver

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"bpfdb/internal/dialogue"
)

// compareEnv names the environment variable that holds the number of rounds of
// TestCompareRedisBenchmark, which takes some seconds per round and wants a quiet machine.
const compareEnv = "BPFDB_COMPARE_ROUNDS"

const (
	compareKeys       = 100_000
	compareValueBytes = 100
	compareConns      = 50
	compareThreads    = 1
	// tolerance is how far behind redis-benchmark the raw driver may fall, both in rate
	// and in operations per second of its own processor time.
	tolerance = 0.10
)

// sample is one measurement of one client.
type sample struct {
	rate  float64 // operations per second
	cpuNS float64 // of the client, per operation
}

// perCore is operations per second of client processor time.
func (s sample) perCore() float64 { return 1e9 / s.cpuNS }

// TestCompareRedisBenchmark runs the raw driver and redis-benchmark in turn on the same
// work against one redis-server, and fails if the raw driver is the slower client.
func TestCompareRedisBenchmark(t *testing.T) {
	rounds, _ := strconv.Atoi(os.Getenv(compareEnv))
	if rounds < 1 {
		t.Skipf("set %s to a number of rounds", compareEnv)
	}
	if _, err := exec.LookPath("redis-benchmark"); err != nil {
		t.Fatal("redis-benchmark is not installed, and the comparison was asked for")
	}
	addr := dialogue.StartRedis(t)
	fillBoth(t, addr)
	for _, test := range []struct {
		command             string
		pipeline, operation int
	}{
		{"ping", 1, 30_000}, {"get", 1, 30_000}, {"set", 1, 30_000},
		{"ping", 16, 200_000}, {"get", 16, 200_000}, {"set", 16, 200_000},
	} {
		var ours, theirs []sample
		for round := range rounds {
			measureOurs := func() { ours = append(ours, runRaw(t, addr, test.command, test.pipeline, test.operation)) }
			measureTheirs := func() {
				theirs = append(theirs, runBenchmark(t, addr, test.command, test.pipeline, test.operation))
			}
			if round%2 == 0 {
				measureOurs()
				measureTheirs()
			} else {
				measureTheirs()
				measureOurs()
			}
		}
		judge(t, fmt.Sprintf("%-4s pipeline %2d", test.command, test.pipeline), ours, theirs)
	}
}

func judge(t *testing.T, name string, ours, theirs []sample) {
	t.Helper()
	us, them := medianSample(ours), medianSample(theirs)
	rate, perCore := us.rate/them.rate, us.perCore()/them.perCore()
	t.Logf("%s: raw %7.0f op/s %5.0f ns CPU/op | redis-benchmark %7.0f op/s %5.0f ns CPU/op | "+
		"rate x%.2f, per client core x%.2f", name, us.rate, us.cpuNS, them.rate, them.cpuNS, rate, perCore)
	if rate < 1-tolerance || perCore < 1-tolerance {
		t.Errorf("%s: raw driver is more than %.0f %% behind", name, 100*tolerance)
	}
}

func medianSample(samples []sample) sample {
	median := func(of func(sample) float64) float64 {
		values := make([]float64, len(samples))
		for i, s := range samples {
			values[i] = of(s)
		}
		slices.Sort(values)
		return values[len(values)/2]
	}
	return sample{
		rate:  median(func(s sample) float64 { return s.rate }),
		cpuNS: median(func(s sample) float64 { return s.cpuNS }),
	}
}

func compareConfig(t *testing.T, addr, command string, pipeline, operations int) Config {
	cfg := testConfig(t, addr, Raw, command)
	cfg.Connections, cfg.Threads, cfg.Pipeline = compareConns, compareThreads, pipeline
	cfg.Workload.Records, cfg.Workload.ValueBytes = compareKeys, compareValueBytes
	cfg.Operations, cfg.Protocol, cfg.Verify = uint64(operations), 2, false
	return cfg
}

// fillBoth stores the keys that either client's reads will look for.
func fillBoth(t *testing.T, addr string) {
	mustLoad(t, compareConfig(t, addr, "set", 16, 1))
	runBenchmark(t, addr, "set", 16, 8*compareKeys)
}

func runRaw(t *testing.T, addr, command string, pipeline, operations int) sample {
	t.Helper()
	cfg := compareConfig(t, addr, command, pipeline, operations)
	cfg.Warmup.Operations = cfg.Operations / 20
	res := mustRun(t, cfg)
	if res.Errors+res.Misses != 0 {
		t.Fatalf("%d errors (%s), %d misses", res.Errors, res.FirstError, res.Misses)
	}
	seconds := time.Duration(res.ElapsedNS).Seconds()
	return sample{rate: float64(res.Ops) / seconds, cpuNS: float64(res.ClientCPUNS) / float64(res.Ops)}
}

func runBenchmark(t *testing.T, addr, command string, pipeline, operations int) sample {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	test := command
	if command == "ping" {
		test = "ping_mbulk" // the raw driver sends PING as an array too
	}
	cmd := exec.Command("redis-benchmark", "-h", host, "-p", port, "-t", test, "--csv",
		"-c", strconv.Itoa(compareConns), "-P", strconv.Itoa(pipeline), "-n", strconv.Itoa(operations),
		"-r", strconv.Itoa(compareKeys), "-d", strconv.Itoa(compareValueBytes))
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", strings.Join(cmd.Args, " "), err)
	}
	rows, err := csv.NewReader(bytes.NewReader(out)).ReadAll()
	if err != nil || len(rows) != 2 {
		t.Fatalf("redis-benchmark printed %q: %v", out, err)
	}
	rate, err := strconv.ParseFloat(rows[1][1], 64)
	if err != nil {
		t.Fatal(err)
	}
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return sample{rate: rate, cpuNS: float64(cpu.Nanoseconds()) / float64(operations)}
}
