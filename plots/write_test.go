package plots_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bpfdb/plots"
	"bpfdb/plots/plottest"
	"bpfdb/plots/summary"
	"bpfdb/results"
)

func figures(t *testing.T, runs []*results.Run, engines []*results.EngineRun) map[string]*plots.Figure {
	t.Helper()
	d, err := summary.New(runs, engines)
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]*plots.Figure{}
	for _, f := range plots.Figures(d) {
		if named[f.Name] != nil {
			t.Fatalf("two figures are called %s", f.Name)
		}
		named[f.Name] = f
	}
	return named
}

// svg draws a figure and returns the texts in it and how often each kind of element occurs.
func svg(t *testing.T, f *plots.Figure) (texts []string, elements map[string]int) {
	t.Helper()
	var drawing bytes.Buffer
	if err := f.WriteSVG(&drawing); err != nil {
		t.Fatal(err)
	}
	elements = map[string]int{}
	decoder := xml.NewDecoder(&drawing)
	current := ""
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return texts, elements
		}
		if err != nil {
			t.Fatalf("%s is not well-formed: %v", f.Name, err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			current = token.Name.Local
			elements[current]++
		case xml.CharData:
			if text := strings.TrimSpace(string(token)); current == "text" && text != "" {
				texts = append(texts, text)
			}
		}
	}
}

func TestServedFigureHoldsEverySystemAndLabel(t *testing.T) {
	all := figures(t, []*results.Run{plottest.Run(3)}, nil)
	if len(all) != 16 {
		t.Errorf("got %d figures, want 3 metrics and an ablation for each of 4 settings", len(all))
	}
	f := all["ycsb-throughput-v1000-p16"]
	if f == nil {
		t.Fatal("no figure ycsb-throughput-v1000-p16")
	}
	texts, _ := svg(t, f)
	joined := strings.Join(texts, " ")
	for _, want := range []string{
		"Throughput: ycsb, 1000 B values, pipeline 16", "operations per second",
		"bpfdb-sockmap", "bpfdb-user", "redis 7.0.15", "dragonfly (not installed)",
		"ycsb-a", "ycsb-b", "ycsb-c", "ycsb-f",
		"1 key = one 1000-byte value", "100 k keys", "zipfian", "50 connections", "pipeline 16",
		"Linux 6.99.0-test", "2 × Test CPU", "commit 0123456789 with uncommitted changes", "2026-03-04",
		"Bar and number: median over 3 trials",
	} {
		if !strings.Contains(joined, want) {
			t.Errorf("the figure lacks %q", want)
		}
	}
	missing := slices.DeleteFunc(texts, func(text string) bool { return text != "not installed" })
	if len(missing) != 4 {
		t.Errorf("%d places say not installed, want one per workload", len(missing))
	}
}

// Each trial adds its dot, a disc and a ring, to each bar. The whisker that a single trial
// lacks is a line and two ends; a bar whose interval has no width has none either.
func TestEveryTrialIsADot(t *testing.T) {
	const bars, dot, whisker = 12, 2, 3
	paths := func(rounds int) int {
		_, elements := svg(t, figures(t, []*results.Run{plottest.Run(rounds)}, nil)["ycsb-cpu-v100-p1"])
		return elements["path"]
	}
	one, three, five := paths(1), paths(3), paths(5)
	if got, want := three-one, bars*(2*dot+whisker); got != want {
		t.Errorf("from one to three trials: %d more paths, want %d", got, want)
	}
	if got, want := five-three, bars*2*dot; got != want {
		t.Errorf("from three to five trials: %d more paths, want %d", got, want)
	}
}

func TestSettingsThatDifferAreInTheName(t *testing.T) {
	run := plottest.Run(1)
	more := plottest.Run(1)
	for i := range more.Trials {
		more.Trials[i].Cell.Driver = "go-redis"
		more.Trials[i].Cell.Connections = 8
	}
	all := figures(t, []*results.Run{run, more}, nil)
	for _, name := range []string{"ycsb-p99-v100-p1-c50-raw", "ycsb-p99-v100-p1-c8-go-redis"} {
		if all[name] == nil {
			t.Errorf("no figure %s", name)
		}
	}
}

func TestEngineFigureHoldsEverySeries(t *testing.T) {
	f := figures(t, nil, []*results.EngineRun{plottest.EngineRun()})["engine-rate-v100"]
	if f == nil {
		t.Fatal("no figure engine-rate-v100")
	}
	texts, _ := svg(t, f)
	joined := strings.Join(texts, "\n")
	for _, want := range []string{"get, 1 CPU", "get, 2 CPUs", "set, 1 CPU", "set, 2 CPUs",
		"10 k", "100 k", "1 M", "10 M", "keys in the table", "11.0 M", "1.97 M"} {
		if !strings.Contains(joined, want) {
			t.Errorf("the figure lacks %q", want)
		}
	}
}

func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "figures")
	var all []*plots.Figure
	for _, f := range figures(t, []*results.Run{plottest.Run(2)}, nil) {
		all = append(all, f)
	}
	paths, err := plots.Write(all, dir)
	if err != nil || len(paths) != 3*len(all) {
		t.Fatalf("got %d paths, %v; want three per figure", len(paths), err)
	}
	for _, path := range paths {
		if filepath.Ext(path) != ".png" {
			continue
		}
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		picture, err := png.DecodeConfig(file)
		file.Close()
		if got := fmt.Sprintf("%d×%d", picture.Width, picture.Height); err != nil || got != "1240×700" {
			t.Errorf("%s: got %s, %v; want 1240×700", path, got, err)
		}
	}
	if _, err := plots.Write(all, "/dev/null/figures"); err == nil {
		t.Error("no error where the directory cannot be made")
	}
}
