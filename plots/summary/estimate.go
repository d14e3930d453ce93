package summary

import (
	"bpfdb/results"
	"bpfdb/runners/stats"
)

// Confidence of every interval in figures and tables.
const Confidence = 0.95

// Estimate is one cell's metric over its good trials.
type Estimate struct {
	Median float64
	Lo, Hi float64   // confidence interval of the median
	Values []float64 // one per good trial, in the order they ran
}

// Estimate summarises a cell. Where the cell has no good trial the second result says
// why, in a few words fit for a table; it is empty otherwise.
func (p *Panel) Estimate(system results.System, row Row, metric Metric) (Estimate, string) {
	values := p.values(system.Name, row, metric)
	switch {
	case len(values) > 0:
		lo, hi := stats.BootstrapCI(values, Confidence, p.seed)
		return Estimate{stats.Median(values), lo, hi, values}, ""
	case len(p.samples[cell{system.Name, row}]) > 0:
		return Estimate{}, "failed"
	case system.NotInstalled != "":
		return Estimate{}, "not installed"
	}
	return Estimate{}, "not measured"
}

// values lists a cell's metric over its good trials.
func (p *Panel) values(system string, row Row, metric Metric) []float64 {
	var values []float64
	for _, s := range p.samples[cell{system, row}] {
		if s.trial.Failure == "" {
			values = append(values, metric.value(s.trial))
		}
	}
	return values
}

// Fastest names our path with the highest median throughput in a cell, "" when none has a
// good trial.
func (p *Panel) Fastest(row Row) string {
	best, rate := "", 0.0
	for _, system := range p.Systems {
		// The median of no values is not a number, and so never the highest.
		median := stats.Median(p.values(system.Name, row, Throughput))
		if isOurs(system.Name) && median > rate {
			best, rate = system.Name, median
		}
	}
	return best
}

// Ratio is system over baseline, paired by round; ok is false when no round holds a good
// trial of both.
func (p *Panel) Ratio(system, baseline string, row Row, metric Metric) (ratio stats.Ratio, ok bool) {
	ours, theirs := p.pairs(system, baseline, row, metric)
	ratio, err := stats.PairedRatio(ours, theirs, Confidence, p.seed)
	return ratio, err == nil
}

// RatioEstimate is Ratio with the ratio of every round.
func (p *Panel) RatioEstimate(system, baseline string, row Row, metric Metric) (e Estimate, ok bool) {
	ratio, ok := p.Ratio(system, baseline, row, metric)
	if !ok {
		return Estimate{}, false
	}
	ours, theirs := p.pairs(system, baseline, row, metric)
	for i := range ours {
		ours[i] /= theirs[i]
	}
	return Estimate{ratio.Median, ratio.Lo, ratio.Hi, ours}, true
}

// pairs lists the metric of both systems over the rounds in which both have a good trial.
func (p *Panel) pairs(system, baseline string, row Row, metric Metric) (ours, theirs []float64) {
	base := map[round]float64{}
	for _, s := range p.samples[cell{baseline, row}] {
		if s.trial.Failure == "" {
			base[s.round()] = metric.value(s.trial)
		}
	}
	for _, s := range p.samples[cell{system, row}] {
		value, paired := base[s.round()]
		if paired && s.trial.Failure == "" {
			ours = append(ours, metric.value(s.trial))
			theirs = append(theirs, value)
		}
	}
	return ours, theirs
}
