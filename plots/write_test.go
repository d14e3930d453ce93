package plots_test

import (
	"os"
	"testing"

	"bpfdb/plots"
	"bpfdb/plots/plottest"
	"bpfdb/plots/summary"
	"bpfdb/results"
)

func data(t *testing.T, runs []*results.Run, engines []*results.EngineRun) *summary.Data {
	t.Helper()
	d, err := summary.New(runs, engines)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestWrite(t *testing.T) {
	dir := os.Getenv("FIGDIR")
	if dir == "" {
		dir = t.TempDir()
	}
	d := data(t, []*results.Run{plottest.Run(5)}, []*results.EngineRun{plottest.EngineRun()})
	paths, err := plots.Write(plots.Figures(d), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(paths)
}
