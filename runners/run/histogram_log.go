package run

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"bpfdb/results"
	"bpfdb/runners/driver"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// histogramLog is an HdrHistogram log being written.
type histogramLog struct {
	*hdrhistogram.HistogramLogWriter
	file *os.File
}

// logName is where a log of the trial lies in the results directory; suffix tells apart its logs.
func logName(trial *results.Trial, suffix string) string {
	return fmt.Sprintf("trials/%05d-%s-%s%s.hlog", trial.Order, trial.Cell.System, trial.CellHash, suffix)
}

// newHistogramLog makes the file, with the directories it lies in, and writes the header.
func newHistogramLog(out, name string, started time.Time) (*histogramLog, error) {
	path := filepath.Join(out, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("histogram log: %w", err)
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("histogram log: %w", err)
	}
	log := &histogramLog{hdrhistogram.NewHistogramLogWriter(file), file}
	base := started.Unix() * 1000 // the header has room for whole seconds only
	log.SetBaseTime(base)
	err = errors.Join(log.OutputLogFormatVersion(), log.OutputStartTime(started.UnixMilli()),
		log.OutputBaseTime(base), log.OutputLegend())
	if err != nil {
		return nil, fmt.Errorf("histogram log: %w", errors.Join(err, file.Close()))
	}
	return log, nil
}

// writeWindows writes the course of the trial, an interval for each window with an answer in it, all
// operations together. It has a file of its own: a reader that merged it with the whole trial's would
// count everything twice. It returns the path relative to the results directory; empty without windows.
func writeWindows(out string, trial *results.Trial, windows []driver.Window) (string, error) {
	if len(windows) == 0 {
		return "", nil
	}
	name := logName(trial, ".windows")
	log, err := newHistogramLog(out, name, trial.Started)
	if err != nil {
		return "", err
	}
	for i, w := range windows {
		if w.Hist == nil {
			continue
		}
		begin := trial.Started.Add(time.Duration(i) * trial.Window())
		w.Hist.SetTag(allTag)
		w.Hist.SetStartTimeMs(begin.UnixMilli())
		w.Hist.SetEndTimeMs(begin.Add(trial.Window()).UnixMilli())
		err = errors.Join(err, log.OutputIntervalHistogram(w.Hist))
	}
	if err = errors.Join(err, log.file.Close()); err != nil {
		return "", fmt.Errorf("histogram log: %w", err)
	}
	return name, nil
}
