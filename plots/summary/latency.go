package summary

import (
	"math"
	"slices"
	"time"

	"bpfdb/results"
	"bpfdb/runners/stats"
)

// Spectrum is the latency of one cell at every quantile that all its good trials reach:
// the median over trials, and their range.
type Spectrum struct {
	Quantiles []float64
	Median    []float64 // ns
	Lo, Hi    []float64 // lowest and highest trial, ns
}

// Spectrum summarises a cell; it is empty where no good trial has recorded one.
func (p *Panel) Spectrum(system string, row Row) Spectrum {
	var trials [][]int64
	shortest := math.MaxInt
	for _, s := range p.samples[cell{system, row}] {
		if all := s.trial.All(); s.trial.Failure == "" && all != nil && len(all.SpectrumNS) > 0 {
			trials = append(trials, all.SpectrumNS)
			shortest = min(shortest, len(all.SpectrumNS))
		}
	}
	var spectrum Spectrum
	if len(trials) == 0 {
		return spectrum
	}
	for k := range shortest {
		var values []float64
		for _, trial := range trials {
			values = append(values, float64(trial[k]))
		}
		lo, hi := stats.MinMax(values)
		spectrum.Quantiles = append(spectrum.Quantiles, results.SpectrumQuantile(k))
		spectrum.Median = append(spectrum.Median, stats.Median(values))
		spectrum.Lo, spectrum.Hi = append(spectrum.Lo, lo), append(spectrum.Hi, hi)
	}
	return spectrum
}

// Course is how one cell went from window to window: one line for each good trial.
type Course struct {
	Window      time.Duration // a second, or less
	RateOps     [][]float64   // per second
	P99NS       [][]float64   // 0 in a window without an answer
	Checkpoints []results.Checkpoint
}

// Course collects the windows of a cell's good trials. The last window of a trial is left
// out, as it is rarely a whole one.
func (p *Panel) Course(system string, row Row) Course {
	var course Course
	for _, s := range p.samples[cell{system, row}] {
		windows := s.trial.Windows
		if s.trial.Failure != "" || len(windows) < 2 {
			continue
		}
		var rates, p99s []float64
		for _, w := range windows[:len(windows)-1] {
			perSecond := float64(w.Ops) / s.trial.Window().Seconds()
			rates, p99s = append(rates, perSecond), append(p99s, float64(w.P99NS))
		}
		course.Window = s.trial.Window()
		if s.trial.Checkpoint != nil {
			course.Checkpoints = append(course.Checkpoints, *s.trial.Checkpoint)
		}
		course.RateOps, course.P99NS = append(course.RateOps, rates), append(course.P99NS, p99s)
	}
	return course
}

// Seconds is the length of the longest line.
func (c Course) Seconds() float64 {
	longest := 0
	for _, line := range c.RateOps {
		longest = max(longest, len(line))
	}
	return float64(longest) * c.Window.Seconds()
}

// Saturated tells whether the load generator was the bottleneck in a good trial of the
// cell.
func (p *Panel) Saturated(system string, row Row) bool {
	return slices.ContainsFunc(p.samples[cell{system, row}], func(s sample) bool {
		return s.trial.Failure == "" && s.trial.Client.Saturated != ""
	})
}
