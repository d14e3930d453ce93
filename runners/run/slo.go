package run

import (
	"context"
	"errors"
	"fmt"
	"math"

	"bpfdb/results"
	"bpfdb/runners/driver"
	"bpfdb/runners/spec"
)

// achieved is the share of the wanted rate that must be answered: a server that falls behind
// keeps no limit in the long run, whatever a short probe shows.
const achieved = 0.98

// search looks for the highest rate at which the response time stays within the limit, and
// returns the measurement at that rate. It doubles the rate until the limit is broken and
// halves the interval in doubt from there. A rate that the generator could not keep up with is
// tried again; the second time the search ends, and what it found until then is a lower bound
// and marked so.
func (m *measurement) search(
	ctx context.Context, config driver.Config, slo *spec.SLO,
) (*driver.Result, error) {
	found := &results.SLOSearch{Percentile: slo.Percentile, LimitNS: slo.Limit.Nanoseconds()}
	m.trial.SLO = found
	var best *driver.Result
	var digests []uint64   // of the first probe, the one that every system gets
	var around measurement // the processor time of the best probe
	low, high, again := 0.0, math.Inf(1), false
	for rate := slo.From; rate > 0; rate = nextRate(slo, low, high) {
		config.Rate = rate
		result, err := m.probe(ctx, config, len(found.Probes) > 0)
		if err != nil {
			return nil, fmt.Errorf("at %.0f operations per second: %w", rate, err)
		}
		probe := results.SLOProbe{RateOps: rate, LatencyNS: result.All.ValueAtQuantile(slo.Percentile),
			Saturated: result.Client.Saturated}
		inTime := float64(result.ElapsedNS-found.LimitNS)*achieved <= float64(config.Duration)
		probe.Kept = probe.LatencyNS <= found.LimitNS && result.Errors == 0 && inTime
		found.Probes = append(found.Probes, probe)
		if probe.Kept || best == nil {
			best, around = result, *m
		}
		if digests == nil {
			digests = result.Digests
		}
		if probe.Kept {
			low, found.RateOps, again = rate, rate, false
			continue
		}
		if probe.Saturated == "" {
			high = rate
			continue
		}
		if again { // by the generator's fault, and not by chance
			found.Bounded = true
			break
		}
		again = true
	}
	if found.RateOps >= slo.To {
		found.Bounded = true
	}
	m.before, m.after, m.trial.Started = around.before, around.after, around.started
	best.Digests = digests
	return best, nil
}

// probe measures one rate, after an earlier one on new data where that matters. What was
// read or left behind must be right; that some operations failed is the rate's doing.
func (m *measurement) probe(ctx context.Context, config driver.Config, again bool) (*driver.Result, error) {
	if again && m.renew != nil {
		if err := m.renew(); err != nil {
			return nil, err
		}
	}
	result, err := m.run(ctx, config)
	if err != nil {
		return nil, err
	}
	inspect := check
	if m.inspect != nil {
		inspect = m.inspect
	}
	if err := inspect(result); errors.Is(err, ErrWrongValues) || errors.Is(err, ErrInvariant) {
		return nil, err
	}
	return result, nil
}

// nextRate is 0 when the search is over: low was served, high was not.
func nextRate(slo *spec.SLO, low, high float64) float64 {
	switch {
	case math.IsInf(high, 1) && low >= slo.To:
		return 0
	case math.IsInf(high, 1) && low == 0:
		return slo.From
	case math.IsInf(high, 1):
		return min(2*low, slo.To)
	case low == 0:
		return 0 // the lowest rate of all is too much already
	case high/low-1 <= slo.Resolution:
		return 0
	}
	return math.Sqrt(low * high)
}
