package gate

import (
	"math"

	"bpfdb/runners/stats"
)

// Rules are the numbers of a decision. Effects are shares: 0.2 is 20 % worse.
type Rules struct {
	// Alpha bounds the chance of any false finding in one gate, by the significance test
	// alone: it is shared out among the looks at the data and, by Holm, among the tests.
	Alpha      float64 `json:"alpha"`
	Confidence float64 `json:"confidence"` // of intervals
	// Budget is the least effect that is ever called a regression.
	Budget float64 `json:"budget"`
	// Promise is the effect the gate is to find: an interval that does not exclude it
	// is inconclusive.
	Promise float64 `json:"promise"`
	// LeastBlocks are measured before the first look, MostBlocks at most. A regression must
	// show in LeastRecurring of them, each having servers of its own.
	LeastBlocks    int `json:"least_blocks"`
	MostBlocks     int `json:"most_blocks"`
	LeastRecurring int `json:"least_recurring"`
	Resamples      int `json:"resamples"` // of each bootstrap
}

// DefaultRules find 20 %.
var DefaultRules = Rules{Alpha: 0.05, Confidence: 0.95, Budget: 0.05, Promise: 0.20,
	LeastBlocks: 2, MostBlocks: 5, LeastRecurring: 3, Resamples: 2000}

// Verdict is what a comparison comes to.
type Verdict string

// The verdicts, of one test and of the gate.
const (
	OK           Verdict = "ok"
	Regression   Verdict = "regression"
	Inconclusive Verdict = "inconclusive"
)

// Test is one metric of one cell with its blocks of paired rounds.
type Test struct {
	Cell   string   `json:"cell"`
	Metric string   `json:"metric"` // MetricP99 or MetricThroughput
	Blocks []Rounds `json:"blocks"`
}

// Finding is what the blocks so far say about one test.
type Finding struct {
	Cell   string `json:"cell"`
	Metric string `json:"metric"`
	Blocks int    `json:"blocks"` // it rests on
	// Times is how many times worse head is, the median with its interval: 1.2 is 20 %.
	Times       float64 `json:"times_worse"`
	Lo          float64 `json:"times_worse_lo"`
	Hi          float64 `json:"times_worse_hi"`
	P           float64 `json:"p"`            // exact, one-sided
	HolmP       float64 `json:"p_holm"`       // corrected for the number of tests
	LeastEffect float64 `json:"least_effect"` // Budget, or what equal builds show if that is more
	Recurring   int     `json:"recurring"`    // blocks that show it by themselves
	Verdict     Verdict `json:"verdict"`
}

// looks is how often the data may be looked at.
func (r Rules) looks() int { return r.MostBlocks - r.LeastBlocks + 1 }

// Judge applies the rules to what was measured so far. seed is of the bootstraps.
func (r Rules) Judge(tests []Test, seed uint64) []Finding {
	findings := make([]Finding, len(tests))
	ps := make([]float64, len(tests))
	for i, test := range tests {
		worse := pooled(test.Blocks)
		lo, hi := interval(test.Blocks, r.Confidence, r.Resamples, seed+uint64(i))
		least := max(r.Budget, noise(test.Blocks, r.Resamples, seed+uint64(i)))
		ps[i] = stats.SignedRank(worse)
		findings[i] = Finding{
			Cell: test.Cell, Metric: test.Metric, Blocks: len(test.Blocks),
			Times: math.Exp(stats.Median(worse)), Lo: math.Exp(lo), Hi: math.Exp(hi), P: ps[i],
			LeastEffect: least, Recurring: recurring(test.Blocks, least, r.Alpha),
		}
	}
	for i, adjusted := range stats.Holm(ps) {
		findings[i].HolmP = adjusted
		findings[i].Verdict = r.verdict(findings[i])
	}
	return findings
}

func (r Rules) verdict(f Finding) Verdict {
	suspicious := f.HolmP <= r.Alpha/float64(r.looks()) && f.Times > 1+f.LeastEffect
	switch {
	case suspicious && f.Lo > 1 && f.Recurring >= r.LeastRecurring:
		return Regression
	case suspicious:
		return Inconclusive // seen, but not again on other servers
	case f.Hi < 1+r.Promise:
		return OK
	}
	return Inconclusive // also where a value is not a number
}

// worst is the gravest of some verdicts: a confirmed regression outweighs doubt.
func worst(verdicts []Verdict) Verdict {
	gravest := OK
	for _, v := range verdicts {
		switch {
		case v == Regression:
			return Regression
		case v != OK:
			gravest = Inconclusive
		}
	}
	return gravest
}
