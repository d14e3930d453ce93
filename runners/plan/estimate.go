package plan

import (
	"time"

	"bpfdb/runners/driver"
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

	startAndStop = 500 * time.Millisecond
)

// Estimate is about how long the trial takes, from starting its server to stopping it.
func (t Trial) Estimate() time.Duration {
	rate := map[bool]map[string]uint64{
		false: {driver.Raw: rawRate, driver.GoRedis: goRedisRate},
		true:  {driver.Raw: rawPipelinedRate, driver.GoRedis: goRedisPipelinedRate},
	}[t.Cell.Pipeline > 1][t.Cell.Driver]
	seconds := float64(t.Operations+t.WarmupOperations) / float64(rate)
	if t.Workload.HasData() {
		seconds += float64(t.Workload.Records) / loadRate
	}
	return startAndStop + time.Duration(seconds*float64(time.Second))
}

// Estimate is about how long all trials take.
func (p Plan) Estimate() time.Duration {
	var total time.Duration
	for _, t := range p.Trials {
		total += t.Estimate()
	}
	return total
}
