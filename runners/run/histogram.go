package run

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"bpfdb/results"
	"bpfdb/runners/driver"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// allTag is the series that counts every operation once.
const allTag = "all"

// tagged is the latencies of one kind of operation.
type tagged struct {
	tag       string
	histogram *hdrhistogram.Histogram
}

// byKind lists the histograms of a result, that of all operations first.
func byKind(result *driver.Result) []tagged {
	all := []tagged{{allTag, result.All}}
	for _, s := range result.Latency {
		all = append(all, tagged{s.Name(), s.Hist})
	}
	if result.Open == nil {
		return all
	}
	for _, s := range serviceByKind(result.Open) {
		all = append(all, tagged{servicePrefix + s.tag, s.histogram})
	}
	return append(all, tagged{lagTag, result.Open.Lag})
}

// Tags that only the log of an open loop has: service times and the generator's lag.
const (
	servicePrefix = "service-"
	lagTag        = "lag"
)

func serviceByKind(open *driver.OpenLoop) []tagged {
	all := []tagged{{allTag, open.All}}
	for _, s := range open.Service {
		all = append(all, tagged{s.Name(), s.Hist})
	}
	return all
}

// writeHistograms summarises the trial's latencies and writes them whole to an
// HdrHistogram log (format 1.3) with one tagged histogram per kind of operation. Values
// are in nanoseconds; the log's own maximum column is in milliseconds. It returns the
// log's path relative to the results directory.
func writeHistograms(out string, trial *results.Trial, series []tagged) (string, error) {
	name := logName(trial, "")
	log, err := newHistogramLog(out, name, trial.Started)
	if err != nil {
		return "", err
	}
	start := trial.Started.UnixMilli()
	for _, kind := range series {
		tag, histogram := kind.tag, kind.histogram
		if !strings.HasPrefix(tag, servicePrefix) && tag != lagTag {
			trial.Latency = append(trial.Latency, summarise(tag, histogram))
		}
		histogram.SetTag(tag)
		histogram.SetStartTimeMs(start)
		histogram.SetEndTimeMs(start + time.Duration(trial.DurationNS).Milliseconds())
		err = errors.Join(err, log.OutputIntervalHistogram(histogram))
	}
	if err = errors.Join(err, log.file.Close()); err != nil {
		return "", fmt.Errorf("histogram log: %w", err)
	}
	return name, nil
}

func summarise(tag string, h *hdrhistogram.Histogram) results.OpLatency {
	lo, hi := quantileInterval(h, 0.99)
	return results.OpLatency{
		Op:     tag,
		Count:  uint64(h.TotalCount()),
		MinNS:  h.Min(),
		P50NS:  h.ValueAtQuantile(50),
		P90NS:  h.ValueAtQuantile(90),
		P99NS:  h.ValueAtQuantile(99),
		P999NS: h.ValueAtQuantile(99.9),
		MaxNS:  h.Max(),
		MeanNS: h.Mean(),

		P99LoNS:    lo,
		P99HiNS:    hi,
		SpectrumNS: spectrum(h),
	}
}
