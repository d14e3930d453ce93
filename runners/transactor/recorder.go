package transactor

import (
	"fmt"
	"sync/atomic"

	"bpfdb/runners/transaction"
	"bpfdb/workloads"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// recorder collects what one thread sees. Only done may be read by others.
type recorder struct {
	ledger transaction.Ledger // of this phase
	ever   transaction.Ledger // of those before
	hists  [workloads.TxnKindCount]*hdrhistogram.Histogram
	done   atomic.Uint64
}

func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, 60_000_000_000, 3) }

// ended enters one transaction. A latency too long for the histogram makes it a failed one,
// for it would be missing from the percentiles.
func (r *recorder) ended(kind workloads.TxnKind, got transaction.Result, latencyNS int64) {
	r.ledger.Add(kind, got)
	if got.Outcome != transaction.Committed && got.Outcome != transaction.Aborted {
		return
	}
	if r.hists[kind] == nil {
		r.hists[kind] = newHistogram()
	}
	if err := r.hists[kind].RecordValue(latencyNS); err != nil && r.ledger.FirstProblem == "" {
		r.ledger.Counts[kind].Failed++
		r.ledger.FirstProblem = fmt.Sprintf("latency of %d ns dropped: %v", latencyNS, err)
	}
}

func (r *recorder) forget() {
	r.ledger = transaction.Ledger{}
	for _, h := range r.hists {
		if h != nil {
			h.Reset()
		}
	}
	r.done.Store(0)
}

// collect merges recorders into a result.
func collect(res *Result, recorders []*recorder) {
	res.All = newHistogram()
	for _, r := range recorders {
		res.Measured.Merge(&r.ledger)
		res.Ever.Merge(&r.ever)
		res.Ever.Merge(&r.ledger)
	}
	for kind := range workloads.TxnKindCount {
		hist := newHistogram()
		for _, r := range recorders {
			if r.hists[kind] != nil {
				hist.Merge(r.hists[kind])
			}
		}
		if hist.TotalCount() > 0 {
			res.Latency = append(res.Latency, Series{kind, hist})
			res.All.Merge(hist)
		}
	}
}
