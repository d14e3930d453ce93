package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bpfdb/plots/summary"
)

func TestPlotWritesBesideTheRun(t *testing.T) {
	dir := runDir(t, true)
	out, err := execute(newPlotCommand(), dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"ycsb-throughput-v1000-p1.svg", "ycsb-p99-v100-p16.png", "engine-rate-v100.svg",
	} {
		path := filepath.Join(dir, "figures", name)
		if _, err := os.Stat(path); err != nil || !strings.Contains(out, path+"\n") {
			t.Errorf("%s: %v; printed:\n%s", path, err, out)
		}
	}
}

func TestPlotRefusesADirectoryWithoutResults(t *testing.T) {
	dir := t.TempDir()
	_, err := execute(newPlotCommand(), dir)
	if !errors.Is(err, summary.ErrNothing) || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v, want ErrNothing naming %s", err, dir)
	}
}
