package driver

import (
	"fmt"
	"sync/atomic"

	"bpfdb/runners/transaction"
	"bpfdb/workloads"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Range and precision of every histogram.
const (
	histMinNS  = 1
	histMaxNS  = 60_000_000_000
	histDigits = 3
)

// recorder collects what one goroutine sees. Only done and totalNS may be read by others.
type recorder struct {
	verify bool
	layout workloads.Layout
	open   bool // of an open loop

	ops, commands, errors, verifyFailures, misses uint64
	firstError, firstVerifyFailure                string

	hists   series // response times of an open loop, service times of a closed one
	service series // of an open loop
	lag     *hdrhistogram.Histogram
	held    uint64
	course  course

	ledger transaction.Ledger // of this phase's transactions
	ever   transaction.Ledger // of those before

	busy cpuTime // processor time of the thread in the phase, where it has one of its own

	done    atomic.Uint64 // ops, published now and then
	totalNS atomic.Int64  // sum of the latencies of whole operations, likewise
	sumNS   int64
}

// series are histograms that are made when first needed.
type series [slotCount]*hdrhistogram.Histogram

func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(histMinNS, histMaxNS, histDigits)
}

func newRecorder(cfg Config) *recorder {
	r := &recorder{
		verify: cfg.Verify, layout: layoutOf(cfg.Workload), open: cfg.open(),
		course: newCourse(cfg.Window),
	}
	if r.open {
		r.lag = newHistogram()
	}
	return r
}

// reset forgets everything but keeps the memory of the histograms, which is warm now.
func (r *recorder) reset() {
	r.ops, r.commands, r.errors, r.verifyFailures, r.misses = 0, 0, 0, 0, 0
	r.firstError, r.firstVerifyFailure = "", ""
	r.held, r.busy, r.sumNS = 0, cpuTime{}, 0
	r.ever.Merge(&r.ledger)
	r.ledger = transaction.Ledger{}
	for _, hists := range []series{r.hists, r.service, {r.lag}} {
		for _, h := range hists {
			if h != nil {
				h.Reset()
			}
		}
	}
	r.course.reset()
	r.done.Store(0)
	r.totalNS.Store(0)
}

// publish lets others see how far this goroutine is.
func (r *recorder) publish() {
	r.done.Store(r.ops)
	r.totalNS.Store(r.sumNS)
}

// times are those of one answered command, in ns on one clock.
type times struct {
	due   int64 // the operation; in a closed loop this is first
	first int64 // the operation's first command was sent
	sent  int64 // this command was sent
	done  int64 // its reply was read
}

// answered accounts for the reply to a command, which an error reply makes not ok, and
// reports whether the operation goes on with a write, which is due when its read has been
// answered. A read-modify-write whose read failed ends there.
func (r *recorder) answered(cmd command, ok bool, at times) (write bool) {
	r.commands++
	if !ok {
		r.ops++
		return false
	}
	due := at.due
	if cmd.slot == slotRMWUpdate {
		due = at.sent
	}
	r.record(&r.hists, cmd.slot, at.done-due)
	if r.open {
		r.record(&r.service, cmd.slot, at.done-at.sent)
	}
	if cmd.slot == slotRMWRead {
		return true
	}
	if cmd.slot == slotRMWUpdate {
		r.record(&r.hists, slotRMW, at.done-at.due)
		if r.open {
			r.record(&r.service, slotRMW, at.done-at.first)
		}
	}
	r.ops++
	r.sumNS += at.done - at.due
	r.course.add(at.done, at.done-at.due)
	return false
}

// sentLate accounts for an operation of an open loop that is sent now. It could have been
// when it was due and, if that came later, there was room.
func (r *recorder) sentLate(dueNS, roomNS, nowNS int64) {
	if roomNS > dueNS {
		r.held++
		dueNS = roomNS
	}
	if err := r.lag.RecordValue(max(nowNS-dueNS, 0)); err != nil {
		r.fail(fmt.Sprintf("lag of %d ns dropped: %v", nowNS-dueNS, err))
	}
}

// record adds a latency. One outside the histogram's range is counted as an error, for it
// would be missing from the percentiles.
func (r *recorder) record(to *series, s slot, latencyNS int64) {
	if to[s] == nil {
		to[s] = newHistogram()
	}
	if err := to[s].RecordValue(latencyNS); err != nil {
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
	if err := r.layout.Verify(data, key); err != nil {
		r.wrong(err.Error())
	}
}

func (r *recorder) wrong(how string) {
	r.verifyFailures++
	if r.firstVerifyFailure == "" {
		r.firstVerifyFailure = how
	}
}

// collect merges the recorders into a Result without times and digests.
func collect(recorders []*recorder, open bool) *Result {
	res := &Result{All: newHistogram()}
	if open {
		res.Open = &OpenLoop{All: newHistogram(), Lag: newHistogram()}
	}
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
		r.hists.mergeInto(res.All, wholeOperations)
		if open {
			r.service.mergeInto(res.Open.All, wholeOperations)
			res.Open.Lag.Merge(r.lag)
			res.Open.Held += r.held
		}
		res.Windows = mergeWindows(res.Windows, r.course.windows)
	}
	res.Latency = byKind(recorders, func(r *recorder) *series { return &r.hists })
	if open {
		res.Open.Service = byKind(recorders, func(r *recorder) *series { return &r.service })
	}
	return res
}

// byKind merges one series of the recorders and leaves out the kinds that did not occur.
func byKind(recorders []*recorder, of func(*recorder) *series) []Series {
	var all []Series
	for kind := range workloads.KindCount {
		hist := newHistogram()
		for _, r := range recorders {
			of(r).mergeInto(hist, seriesOf[kind])
		}
		if hist.TotalCount() > 0 {
			all = append(all, Series{Kind: kind, Hist: hist})
		}
	}
	for kind := range txnKindCount {
		hist := newHistogram()
		for _, r := range recorders {
			of(r).mergeInto(hist, []slot{slotTxn + kind})
		}
		if hist.TotalCount() > 0 {
			all = append(all, Series{Kind: Transaction, Txn: workloads.TxnKind(kind), Hist: hist})
		}
	}
	return all
}

// mergeInto cannot drop anything: all histograms have the same range.
func (s *series) mergeInto(hist *hdrhistogram.Histogram, slots []slot) {
	for _, slot := range slots {
		if s[slot] != nil {
			hist.Merge(s[slot])
		}
	}
}
