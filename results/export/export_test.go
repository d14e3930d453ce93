package export_test

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/perf/benchfmt"

	"bpfdb/plots/plottest"
	"bpfdb/results"
	"bpfdb/results/export"
)

// run has one failed trial among its good ones.
func run() *results.Run {
	r := plottest.Run(2)
	r.Trials[3].Failure = "died: exit status 9,\nout of luck"
	r.Trials[3].Latency = nil
	return r
}

func TestNDJSONRoundTrip(t *testing.T) {
	r := run()
	var text bytes.Buffer
	if err := export.NDJSON(&text, r); err != nil {
		t.Fatal(err)
	}
	var back []results.Trial
	for lines := bufio.NewScanner(&text); lines.Scan(); {
		var line results.TrialLine
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if line.SchemaVersion != results.SchemaVersion || !line.RunStarted.Equal(r.Started) {
			t.Errorf("the line does not say what run it is of: %+v", line)
		}
		back = append(back, line.Trial)
	}
	if !reflect.DeepEqual(back, r.Trials) {
		t.Error("the trials are not what they were")
	}
}

func TestCSV(t *testing.T) {
	r := run()
	var text bytes.Buffer
	if err := export.CSV(&text, r); err != nil {
		t.Fatal(err)
	}
	table, err := csv.NewReader(&text).ReadAll()
	if err != nil || len(table) != 1+len(r.Trials) {
		t.Fatalf("%d lines, %v; want a header and %d trials with one kind of operation each",
			len(table), err, len(r.Trials))
	}
	column := func(name string, row int) string {
		at := slices.Index(table[0], name)
		if at < 0 {
			t.Fatalf("no column %s in %q", name, table[0])
		}
		return table[row][at]
	}
	if column("system", 1) != "bpfdb-sockmap" || column("op", 1) != "all" || column("pipeline", 1) != "1" ||
		column("cpu_per_op_ns", 1) == "0" || column("run_started", 1) != "2026-03-04T05:06:07Z" {
		t.Errorf("the first trial is %q", table[1])
	}
	if column("failure", 4) != r.Trials[3].Failure || column("op", 4) != "" {
		t.Errorf("the failed trial is %q", table[4])
	}
	for _, name := range table[0] {
		if name == "" || len(slices.DeleteFunc(slices.Clone(table[0]), func(n string) bool { return n != name })) > 1 {
			t.Errorf("column %q is not the only one of its name", name)
		}
	}
}

// benchLine is the benchmark format: a name without blanks, a count, pairs of value and unit.
var benchLine = regexp.MustCompile(`^Benchmark\S+ \d+( [0-9.]+ \S+)+$`)

func TestBench(t *testing.T) {
	r := run()
	var text bytes.Buffer
	if err := export.Bench(&text, r); err != nil {
		t.Fatal(err)
	}
	good := 0
	for line := range strings.Lines(text.String()) {
		if line = strings.TrimSuffix(line, "\n"); strings.HasPrefix(line, "Benchmark") {
			good++
			if !benchLine.MatchString(line) {
				t.Errorf("no benchmark line: %s", line)
			}
		}
	}
	if good != len(r.Trials)-1 {
		t.Errorf("%d lines for %d good trials", good, len(r.Trials)-1)
	}
	if want := "BenchmarkYcsb/system=bpfdb-sockmap/workload=ycsb-a/"; !strings.Contains(text.String(), want) {
		t.Errorf("the names do not begin as %s", want)
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	paths, err := export.Files(dir, run(), export.Formats)
	if err != nil || len(paths) != 3 {
		t.Fatalf("got %q, %v", paths, err)
	}
	for _, path := range paths {
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := export.Files(dir+"/absent", run(), export.Formats); err == nil {
		t.Error("no error where the directory is not there")
	}
}

// benchstat's own library reads every line, and finds the cell's parts as name keys.
func TestBenchstatReadsBench(t *testing.T) {
	r := run()
	var text bytes.Buffer
	if err := export.Bench(&text, r); err != nil {
		t.Fatal(err)
	}
	reader := benchfmt.NewReader(&text, "bench.txt")
	good, units := 0, 0
	for reader.Scan() {
		switch line := reader.Result().(type) {
		case *benchfmt.SyntaxError:
			t.Errorf("refused: %v", line)
		case *benchfmt.UnitMetadata:
			units++
		case *benchfmt.Result:
			trial := goodTrial(r, good)
			good++
			if want := "/system=" + trial.Cell.System; !strings.Contains(string(line.Name), want) {
				t.Errorf("%s lacks %s", line.Name, want)
			}
			rate, found := line.Value("ops/s")
			if !found || math.Abs(rate-trial.ThroughputOps) > 0.1 || line.Iters != int(trial.Ops) {
				t.Errorf("%s: %v ops/s over %d, want %v over %d", line.Name, rate, line.Iters, trial.ThroughputOps,
					trial.Ops)
			}
			if commit := line.GetConfig("commit"); commit != r.Environment.GitCommit {
				t.Errorf("commit %q, want %q", commit, r.Environment.GitCommit)
			}
		}
	}
	if err := reader.Err(); err != nil || good != len(r.Trials)-1 || units != 4 {
		t.Errorf("%v; %d results for %d good trials, %d units", err, good, len(r.Trials)-1, units)
	}
}

// goodTrial is the nth that has not failed.
func goodTrial(r *results.Run, n int) *results.Trial {
	for i := range r.Trials {
		if r.Trials[i].Failure == "" {
			if n == 0 {
				return &r.Trials[i]
			}
			n--
		}
	}
	return nil
}
