package tables_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bpfdb/plots/plottest"
	"bpfdb/plots/summary"
	"bpfdb/plots/tables"
	"bpfdb/results"
)

var rewrite = flag.Bool("rewrite", false, "write what is produced into testdata")

func newData(t *testing.T, runs []*results.Run, engines []*results.EngineRun) *summary.Data {
	t.Helper()
	d, err := summary.New(runs, engines)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestSectionsGolden(t *testing.T) {
	d := newData(t, []*results.Run{plottest.Run(3)}, []*results.EngineRun{plottest.EngineRun()})
	for _, name := range []string{"summary", "claims", "goals", "engine", "ycsb"} {
		t.Run(name, func(t *testing.T) {
			got, err := tables.Section(d, name)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", name+".md")
			if *rewrite {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("differs from %s (see -rewrite):\n%s", path, got)
			}
		})
	}
}

func TestSectionWithoutItsResults(t *testing.T) {
	d := newData(t, []*results.Run{plottest.Run(1)}, nil)
	if got, err := tables.Section(d, "engine"); err != nil || !strings.HasPrefix(got, "Not measured") {
		t.Errorf("engine: got %q, %v; want a sentence that it was not measured", got, err)
	}
	if got, err := tables.Section(d, "tpcc?"); err != nil || !strings.HasPrefix(got, "Not measured") {
		t.Errorf("tpcc?: got %q, %v; want a sentence that it was not measured", got, err)
	}
	if got, err := tables.Section(d, "ycsb?"); err != nil || strings.HasPrefix(got, "Not measured") {
		t.Errorf("ycsb?: got %q, %v; want the results", got, err)
	}
	_, err := tables.Section(d, "tpcc")
	if !errors.Is(err, tables.ErrMarker) || !strings.Contains(err.Error(), "they hold: ycsb") {
		t.Errorf("tpcc: got %v, want ErrMarker listing the experiments", err)
	}
}

// scaled is a run in which one system's throughput is that of Redis times the given factor in
// the same round.
func scaled(system string, factor float64) *results.Run {
	run := plottest.Run(3)
	base := map[string]float64{}
	for _, trial := range run.Trials {
		if trial.Cell.System == "redis" {
			base[trial.OpStreamHash] = trial.ThroughputOps
		}
	}
	for i := range run.Trials {
		if trial := &run.Trials[i]; trial.Cell.System == system {
			trial.ThroughputOps = factor * base[trial.OpStreamHash]
		}
	}
	return run
}

func TestVerdicts(t *testing.T) {
	const twice, goal16 = "| twice the throughput of Redis", "1.5 times Redis at pipeline 16"
	cases := []struct {
		run           *results.Run
		section, line string
		want          string
	}{
		{scaled("bpfdb-sockmap", 2.1), "claims", twice, "**holds**: in 16 of 16 cells; geometric mean 2.10×"},
		{scaled("bpfdb-sockmap", 1.9), "claims", twice, "does not hold: in 0 of 16 cells"},
		// The fastest of our paths decides, whichever it is.
		{scaled("bpfdb-user", 2.1), "claims", twice, "**holds**"},
		{scaled("bpfdb-sockmap", 1.6), "goals", goal16, "**holds**: in 8 of 8 cells"},
		{scaled("bpfdb-user", 2.1), "goals", goal16, "does not hold"},
		{plottest.Run(3), "claims", "throughput of Dragonfly", "not tested: dragonfly not installed"},
		{plottest.Run(3), "goals", "5 M GET", "not tested: no get at 1 M keys on one CPU"},
	}
	for _, c := range cases {
		text, err := tables.Section(newData(t, []*results.Run{c.run}, nil), c.section)
		if err != nil {
			t.Fatal(err)
		}
		found := ""
		for line := range strings.Lines(text) {
			if strings.Contains(line, c.line) {
				found = line
			}
		}
		if !strings.Contains(found, c.want) {
			t.Errorf("%s, %q: got %q, want %q", c.section, c.line, found, c.want)
		}
	}
}

func TestPartialVerdict(t *testing.T) {
	run := scaled("bpfdb-sockmap", 2.1)
	for i := range run.Trials {
		if trial := &run.Trials[i]; trial.Cell.System == "bpfdb-sockmap" && trial.Cell.Pipeline == 16 {
			trial.ThroughputOps /= 2
		}
	}
	text, err := tables.Section(newData(t, []*results.Run{run}, nil), "claims")
	if want := "in part: in 8 of 16 cells; geometric mean 1.48×"; err != nil || !strings.Contains(text, want) {
		t.Errorf("got %v and %s\nwant %q", err, text, want)
	}
}

func TestInterruptedRunSaysSo(t *testing.T) {
	run := plottest.Run(2)
	run.Finished = time.Time{}
	run.Trials = run.Trials[:12]
	last := &run.Trials[11]
	last.Started = run.Started.Add(89 * time.Second)
	last.DurationNS = int64(time.Second)
	text, err := tables.Section(newData(t, []*results.Run{run}, nil), "ycsb")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{" in 1.5 min, ", "interrupted after 12 of 96 trials"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestEngineGoalsMissed(t *testing.T) {
	slow := plottest.EngineRun()
	for i := range slow.Points {
		p := &slow.Points[i]
		p.OverheadBytesPerKey = 65
		if p.Keys == 10_000_000 {
			p.RateOps /= 2
		}
		if p.Keys == 1_000_000 && p.Op == "get" {
			p.RateOps = 4.9e6
		}
	}
	text, err := tables.Section(newData(t, nil, []*results.EngineRun{slow}), "goals")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"missed: 4.90 M/s", "missed: 53.4 % lost", "missed: 65.0 B to 65.0 B, by table size", "**met**: 2.11 M/s",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
