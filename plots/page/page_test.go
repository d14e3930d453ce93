package page_test

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"bpfdb/plots/page"
	"bpfdb/plots/plottest"
	"bpfdb/plots/summary"
	"bpfdb/results"
)

func write(t *testing.T, runs []*results.Run, engines []*results.EngineRun) string {
	t.Helper()
	d, err := summary.New(runs, engines)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := page.Write(&text, d, ""); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// The page holds every figure and table, and asks nothing of a network. With
// BPFDB_PAGE=FILE it is kept to be looked at.
func TestPage(t *testing.T) {
	run := plottest.Run(3)
	run.Trials = append(run.Trials, plottest.Curves(3).Trials...)
	run.Experiments = []results.Experiment{{Name: "ycsb", Title: "YCSB A, B and C <over> strings"}}
	run.Systems[0].Settings = map[string]string{"threads": "1 (default)"}
	run.Systems[0].Command = []string{"redis-server", "--save", ""}
	text := write(t, []*results.Run{run}, []*results.EngineRun{plottest.EngineRun()})
	if path := os.Getenv("BPFDB_PAGE"); path != "" {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{
		"<h2>YCSB A, B and C &lt;over&gt; strings</h2>", `<figure id="ycsb-throughput-v1000-p16"`,
		`<figure id="engine-rate-v100"`, `<figure id="rates-p99-rate-ycsb-a-v100-p1"`, "<th>published claim</th>",
		"not installed: no dragonfly in PATH", "6.99.0-test", "uncommitted changes", "1 (default)",
		"the load generator was the bottleneck", "<strong>", "</html>",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if link := regexp.MustCompile(`(src|href)="[^#"][^"]*"|@import|url\(`).FindString(text); link != "" {
		t.Errorf("the page loads %s", link)
	}
	if n, closed := strings.Count(text, "<svg"), strings.Count(text, "</svg>"); n < 30 || n != closed {
		t.Errorf("%d drawings begin, %d end", n, closed)
	}
	if strings.Contains(text, "<?xml") || strings.Contains(text, "| --") {
		t.Error("raw XML or Markdown is left in the page")
	}
}

func TestPageOfInterruptedRun(t *testing.T) {
	run := plottest.Run(1)
	run.Finished = results.Run{}.Finished
	run.Trials[0].Failure = "died <here>"
	text := write(t, []*results.Run{run}, nil)
	for _, want := range []string{"The run was interrupted", "1 of 48 trials failed", "died &lt;here&gt;"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestEmptyPage(t *testing.T) {
	if err := page.Write(&bytes.Buffer{}, &summary.Data{}, ""); err == nil {
		t.Error("no error without a run")
	}
}
