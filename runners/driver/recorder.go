package driver

import (
	"fmt"
	"sync/atomic"

	"bpfdb/workloads"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Range and precision of every histogram.
const (
	histMinNS  = 1
	histMaxNS  = 60_000_000_000
	histDigits = 3
)

// recorder collects what one goroutine sees. Only done may be read by others.
type recorder struct {
	verify     bool
	valueBytes int

	ops, commands, errors, verifyFailures, misses uint64
	firstError, firstVerifyFailure                string
	hists                                         [slotCount]*hdrhistogram.Histogram

	done atomic.Uint64 // ops, published now and then
}

func newRecorder(cfg Config) *recorder {
	return &recorder{verify: cfg.Verify, valueBytes: cfg.Workload.ValueBytes}
}

// reset forgets everything but keeps the memory of the histograms, which is warm now.
func (r *recorder) reset() {
	r.ops, r.commands, r.errors, r.verifyFailures, r.misses = 0, 0, 0, 0, 0
	r.firstError, r.firstVerifyFailure = "", ""
	for _, h := range r.hists {
		if h != nil {
			h.Reset()
		}
	}
	r.done.Store(0)
}

// answered accounts for the reply to a command, which an error reply makes not ok, and
// reports whether the operation goes on with a write. sinceBatchNS is the time since the
// first round of the command's batch. A read-modify-write whose read failed ends there.
func (r *recorder) answered(cmd command, ok bool, latencyNS, sinceBatchNS int64) (write bool) {
	r.commands++
	if !ok {
		r.ops++
		return false
	}
	r.record(cmd.slot, latencyNS)
	if cmd.slot == slotRMWRead {
		return true
	}
	if cmd.slot == slotRMWUpdate {
		r.record(slotRMW, sinceBatchNS)
	}
	r.ops++
	return false
}

// record adds a service time. One outside the histogram's range is counted as an error,
// for it would be missing from the percentiles.
func (r *recorder) record(s slot, latencyNS int64) {
	if r.hists[s] == nil {
		r.hists[s] = hdrhistogram.New(histMinNS, histMaxNS, histDigits)
	}
	if err := r.hists[s].RecordValue(latencyNS); err != nil {
		r.fail(fmt.Sprintf("latency of %d ns dropped: %v", latencyNS, err))
	}
}

func (r *recorder) fail(message string) {
	r.errors++
	if r.firstError == "" {
		r.firstError = message
	}
}

// refuse counts a reply that is an error, or none that the command can have.
func (r *recorder) refuse(got reply) {
	if r.firstError != "" {
		r.errors++ // without building a text nobody reads
		return
	}
	if got.kind == '-' || got.kind == '!' {
		r.fail(string(got.data))
		return
	}
	r.fail(fmt.Sprintf("unexpected reply %c%.40q", got.kind, got.data))
}

// value judges what a read returned.
func (r *recorder) value(data []byte, key uint64) {
	if !r.verify {
		return
	}
	err := workloads.VerifyValue(data, key)
	if err == nil && len(data) != r.valueBytes {
		err = fmt.Errorf("%w: key number %d has %d bytes, want %d",
			workloads.ErrValueCorrupt, key, len(data), r.valueBytes)
	}
	if err == nil {
		return
	}
	r.verifyFailures++
	if r.firstVerifyFailure == "" {
		r.firstVerifyFailure = err.Error()
	}
}

// collect merges the recorders into a Result without times and digest.
func collect(recorders []*recorder) *Result {
	res := &Result{All: hdrhistogram.New(histMinNS, histMaxNS, histDigits)}
	for _, r := range recorders {
		res.Ops += r.ops
		res.Commands += r.commands
		res.Errors += r.errors
		res.VerifyFailures += r.verifyFailures
		res.Misses += r.misses
		if res.FirstError == "" {
			res.FirstError = r.firstError
		}
		if res.FirstVerifyFailure == "" {
			res.FirstVerifyFailure = r.firstVerifyFailure
		}
		r.mergeInto(res.All, wholeOperations)
	}
	for kind := range workloads.KindCount {
		hist := hdrhistogram.New(histMinNS, histMaxNS, histDigits)
		for _, r := range recorders {
			r.mergeInto(hist, seriesOf[kind])
		}
		if hist.TotalCount() > 0 {
			res.Latency = append(res.Latency, Series{Kind: kind, Hist: hist})
		}
	}
	return res
}

// mergeInto cannot drop anything: all histograms have the same range.
func (r *recorder) mergeInto(hist *hdrhistogram.Histogram, slots []slot) {
	for _, s := range slots {
		if r.hists[s] != nil {
			hist.Merge(r.hists[s])
		}
	}
}
