package plan

import (
	"math"
	"slices"
	"time"

	"bpfdb/results"
	"bpfdb/runners/driver"
	"bpfdb/runners/transaction"
	"bpfdb/workloads"
)

// Rates that two shared cloud processors reach with every system we ship, in operations
// per second, and what a trial costs besides. They only serve the estimate: a faster
// machine finishes earlier.
const (
	loadRate             = 150_000
	rawRate              = 60_000
	rawPipelinedRate     = 250_000
	goRedisRate          = 30_000
	goRedisPipelinedRate = 100_000
	oneTripRate          = 40_000 // transactions in one round trip: a procedure or script
	moreTripsRate        = 20_000

	recoverRate = 300_000 // records

	startAndStop = 500 * time.Millisecond

	readProfile = 3 * time.Second // until perf has found the names of what it has sampled
)

// Estimate is about how long the trial takes, from starting its server to stopping it.
func (t Trial) Estimate() time.Duration {
	rate := map[bool]map[string]uint64{
		false: {driver.Raw: rawRate, driver.GoRedis: goRedisRate},
		true:  {driver.Raw: rawPipelinedRate, driver.GoRedis: goRedisPipelinedRate},
	}[t.Cell.Pipeline > 1][t.Cell.Driver]
	loaded := t.Workload.Records
	switch t.Cell.Mode {
	case "":
		if !t.Workload.HasData() {
			loaded = 0
		}
	case transaction.Procedure, transaction.Lua:
		rate = oneTripRate
	default:
		rate = moreTripsRate
	}
	if t.Trace != nil {
		loaded = t.Trace.Synthetic.Keys // of a file: nobody knows before it is read
	}
	if t.Cell.RateOps > 0 {
		rate = uint64(max(t.Cell.RateOps, 1))
	}
	if data, err := workloads.NewDataset(t.Workload); err == nil && t.Cell.Mode != "" {
		loaded = 2 * data.Places() // stored, and read back in the end
	}
	seconds := float64(t.Operations+t.WarmupOperations)/float64(rate) + float64(loaded)/loadRate
	if t.Cell.Stop != "" {
		seconds += float64(loaded)/recoverRate + startAndStop.Seconds()
	}
	if t.Instrument == results.InstrumentPerf {
		seconds += readProfile.Seconds()
	}
	seconds += t.warmup().Seconds() + t.Duration.Seconds()*t.tries()
	return startAndStop + time.Duration(seconds*float64(time.Second))
}

// warmup is how long a warm-up that time ends lasts; one that waits for steadiness is taken
// to need a third of its limit.
func (t Trial) warmup() time.Duration {
	return max(t.Warmup.Duration, t.Warmup.Steady.Limit/3)
}

// tries is how many rates a trial measures: a search doubles the rate until the limit is
// passed, here at what any system may reach, and halves what is in doubt from there.
func (t Trial) tries() float64 {
	if t.SLO == nil {
		return 1
	}
	doublings := math.Log2(min(t.SLO.To, rawPipelinedRate) / t.SLO.From)
	return 2 + max(doublings, 0) + math.Log2(1/t.SLO.Resolution)
}

// trialBytes is what a trial leaves on disk, its compressed histograms and its part of
// run.json; windowBytes is what each second of it adds.
const (
	trialBytes  = 30_000
	windowBytes = 1000 // most of it in the log of the windows

	profileBytes = 1_000_000 // of stacks and their drawing
)

// DiskBytes is about how large the results get.
func (p Plan) DiskBytes() (total int64) {
	for _, t := range p.Trials {
		total += trialBytes + windowBytes*int64(t.Duration.Seconds())
	}
	for _, t := range p.Instrumented {
		if t.Instrument == results.InstrumentPerf {
			total += profileBytes
		}
	}
	return total
}

// Estimate is about how long all trials take, instrumented ones included.
func (p Plan) Estimate() time.Duration {
	var total time.Duration
	for _, t := range slices.Concat(p.Trials, p.Instrumented) {
		total += t.Estimate()
	}
	return total
}
