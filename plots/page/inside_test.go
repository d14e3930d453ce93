package page_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"bpfdb/plots/page"
	"bpfdb/plots/plottest"
	"bpfdb/plots/summary"
	"bpfdb/results"
)

// Flame graphs are linked from where the page lies, and what is missing says why.
func TestInside(t *testing.T) {
	dir := t.TempDir()
	runDir := filepath.Join(dir, "runs", "one")
	run := plottest.Run(1)
	plottest.Instrument(run)
	if err := results.WriteRun(runDir, run); err != nil {
		t.Fatal(err)
	}
	d, err := summary.Load([]string{runDir})
	if err != nil {
		t.Fatal(err)
	}
	for pageDir, href := range map[string]string{
		runDir: "profiles/a.svg", filepath.Join(dir, "pages"): "../runs/one/profiles/a.svg",
	} {
		var text bytes.Buffer
		if err := page.Write(&text, d, pageDir); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			`<a href="#inside">`, `<a href="` + href + `">drawing</a>`, `<td class="number">40.0 %</td>`,
			"perf is not installed: no &lt;perf&gt;", "<td>all together</td>",
		} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("a page in %s lacks %q", pageDir, want)
			}
		}
	}
	if text := write(t, []*results.Run{plottest.Run(1)}, nil); strings.Contains(text, `id="inside"`) {
		t.Error("a run without instrumented trials has a section about them")
	}
}
