package plots_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bpfdb/plots"
	"bpfdb/plots/plottest"
	"bpfdb/results"
)

// Every kind of curve is there, once, under the name its experiment gives it, and shows
// all systems. With BPFDB_FIGURES=DIR the figures are kept to be looked at.
func TestCurves(t *testing.T) {
	all := figures(t, []*results.Run{plottest.Curves(3)}, nil)
	for name, wants := range map[string][]string{
		"connections-throughput-connections-ycsb-a-v100-p1": {"bpfdb-sockmap", "redis", "5 k",
			"connections (logarithmic)", "dragonfly (not installed)"},
		"connections-p99-connections-ycsb-a-v100-p1": {"p99 service time (logarithmic)"},
		"rates-p99-rate-ycsb-a-v100-p1": {"p99 response time (logarithmic)", "80 k", "open loop, poisson arrivals",
			"offered rate, operations per second"},
		"ycsb-t-commits-contention-ycsb-t-p1":   {"uniform", "zipfian:0.99", "hotspot:10:0.99", "bpfdb-sockmap multi"},
		"ycsb-t-conflicts-contention-ycsb-t-p1": {"share of tries that met a conflict"},
		"course-throughput-time-ycsb-a-v100-p1": {"seconds", "30"},
		"course-spectrum-ycsb-a-v100-p1":        {"percentile", "99.9", "service time (logarithmic)"},
		"course-ablation-v100-p1":               {"bpfdb-sockmap", "bpfdb-user", "1.00×"},
	} {
		f := all[name]
		if f == nil {
			t.Errorf("no figure %s", name)
			continue
		}
		texts, _ := svg(t, f)
		for _, want := range wants {
			if !strings.Contains(strings.Join(texts, " "), want) {
				t.Errorf("%s lacks %q: %q", name, want, texts)
			}
		}
	}
	for name, f := range all {
		if strings.Contains(name, "connections-v100") {
			t.Errorf("the points of a sweep are drawn again as %s", name)
		}
		if dir := os.Getenv("BPFDB_FIGURES"); dir != "" {
			keep(t, filepath.Join(dir, name+".png"), f.WritePNG)
			keep(t, filepath.Join(dir, name+".pdf"), f.WritePDF)
		}
	}
}

// A bar that the load generator held down carries a star, and the caption says why.
func TestSaturatedBarIsMarked(t *testing.T) {
	run := plottest.Run(1)
	plain := figures(t, []*results.Run{run}, nil)["ycsb-throughput-v100-p1"]
	for i := range run.Trials {
		run.Trials[i].Client.Saturated = "invented"
	}
	marked := figures(t, []*results.Run{run}, nil)["ycsb-throughput-v100-p1"]
	for figure, want := range map[*plots.Figure]bool{plain: false, marked: true} {
		texts, _ := svg(t, figure)
		joined := strings.Join(texts, "|")
		if strings.Contains(joined, " *|") != want || strings.Contains(joined, "bottleneck") != want {
			t.Errorf("marked: want %v in %s", want, joined)
		}
	}
}

// A figure of a run without a good trial says so and does not fail.
func TestCurvesWithoutData(t *testing.T) {
	run := plottest.Curves(1)
	for i := range run.Trials {
		run.Trials[i].Failure = "died"
	}
	for name, f := range figures(t, []*results.Run{run}, nil) {
		var drawing bytes.Buffer
		if err := f.WriteSVG(&drawing); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func keep(t *testing.T, path string, write func(io.Writer) error) {
	t.Helper()
	var drawing bytes.Buffer
	if err := write(&drawing); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, drawing.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}
