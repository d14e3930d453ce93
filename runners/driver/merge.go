package driver

import (
	"slices"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Merge makes one Result of those of processes that shared a load, in order of their
// connections: histograms are added, nothing is averaged. The phase lasted as long as the
// slowest of them took.
func Merge(parts []*Result) *Result {
	res := &Result{All: newHistogram()}
	for _, p := range parts {
		res.Ops += p.Ops
		res.Commands += p.Commands
		res.Errors += p.Errors
		res.VerifyFailures += p.VerifyFailures
		res.Misses += p.Misses
		res.ElapsedNS = max(res.ElapsedNS, p.ElapsedNS)
		res.ClientCPUNS += p.ClientCPUNS
		if res.FirstError == "" {
			res.FirstError = p.FirstError
		}
		if res.FirstVerifyFailure == "" {
			res.FirstVerifyFailure = p.FirstVerifyFailure
		}
		res.add(res.All, p.All)
		res.Latency = res.addSeries(res.Latency, p.Latency)
		res.addOpen(p.Open)
		res.addTransactions(p.Transactions)
		res.Windows = mergeWindows(res.Windows, p.Windows)
		res.Digests = append(res.Digests, p.Digests...)
		res.Warmed = mergeWarmed(res.Warmed, p.Warmed, p == parts[0])
		if p.Client.Busy > res.Client.Busy {
			res.Client.Busy, res.Client.Own = p.Client.Busy, p.Client.Own
		}
		if res.Client.Saturated == "" {
			res.Client.Saturated = p.Client.Saturated
		}
	}
	return res
}

func mergeWarmed(a, b Warmed, first bool) Warmed {
	return Warmed{Operations: a.Operations + b.Operations, NS: max(a.NS, b.NS), Steady: b.Steady && (a.Steady || first)}
}

// add counts what does not fit as errors, as recording does.
func (r *Result) add(to, from *hdrhistogram.Histogram) {
	if dropped := to.Merge(from); dropped > 0 {
		r.Errors += uint64(dropped)
	}
}

func (r *Result) addOpen(part *OpenLoop) {
	if part == nil {
		return
	}
	if r.Open == nil {
		r.Open = &OpenLoop{All: newHistogram(), Lag: newHistogram()}
	}
	r.add(r.Open.All, part.All)
	r.add(r.Open.Lag, part.Lag)
	r.Open.Service = r.addSeries(r.Open.Service, part.Service)
	r.Open.Held += part.Held
}

// addSeries keeps the order of kinds.
func (r *Result) addSeries(all, part []Series) []Series {
	for _, p := range part {
		i := 0
		for i < len(all) && all[i].compare(p) < 0 {
			i++
		}
		if i == len(all) || all[i].compare(p) != 0 {
			all = slices.Insert(all, i, Series{p.Kind, p.Txn, newHistogram()})
		}
		r.add(all[i].Hist, p.Hist)
	}
	return all
}
