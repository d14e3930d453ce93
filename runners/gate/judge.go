package gate

import (
	"math"

	"bpfdb/runners/stats"
)

// Rules are the numbers of a decision. Effects are shares: 0.2 is 20 % worse.
type Rules struct {
	Alpha      float64 `json:"alpha"`      // chance of any false finding in one block
	Confidence float64 `json:"confidence"` // of intervals
	// Budget is the least effect that is ever called a regression.
	Budget float64 `json:"budget"`
	// Promise is the effect the gate is to find: an interval that does not exclude it
	// is inconclusive.
	Promise float64 `json:"promise"`
}

// DefaultRules find 20 %. The two blocks together make a false alarm far rarer than Alpha.
var DefaultRules = Rules{Alpha: 0.05, Confidence: 0.95, Budget: 0.05, Promise: 0.20}

// Verdict is what a comparison comes to.
type Verdict string

// The verdicts, of one test and of the gate.
const (
	OK           Verdict = "ok"
	Regression   Verdict = "regression"
	Inconclusive Verdict = "inconclusive"
)

// Test is one metric of one cell over paired rounds.
type Test struct {
	Cell   string `json:"cell"`   // system and point, the same words in every block
	Metric string `json:"metric"` // MetricP99 or MetricThroughput
	// Worse holds, for each round, ln of how many times worse head was than base: above
	// zero is slower, whichever way the metric points.
	Worse []float64 `json:"worse_ln"`
}

func (t Test) name() string { return t.Cell + ", " + t.Metric }

// Finding is what one block says about one test.
type Finding struct {
	Test
	// Times is how many times worse head is, the median with its interval: 1.2 is 20 %.
	Times       float64 `json:"times_worse"`
	Lo          float64 `json:"times_worse_lo"`
	Hi          float64 `json:"times_worse_hi"`
	P           float64 `json:"p"`      // exact, one-sided
	HolmP       float64 `json:"p_holm"` // corrected for the block's tests
	LeastEffect float64 `json:"least_effect"`
	Verdict     Verdict `json:"verdict"`
}

// Judge applies the rules to one block. noise gives each test's least effect by name; a
// test it does not know has the budget's. seed is of the bootstrap.
func (r Rules) Judge(tests []Test, noise *Noise, seed uint64) []Finding {
	findings := make([]Finding, len(tests))
	ps := make([]float64, len(tests))
	for i, test := range tests {
		lo, hi := stats.BootstrapCI(test.Worse, r.Confidence, seed+uint64(i))
		findings[i] = Finding{
			Test: test, Times: math.Exp(stats.Median(test.Worse)), Lo: math.Exp(lo), Hi: math.Exp(hi),
			P: stats.SignedRank(test.Worse), LeastEffect: max(r.Budget, noise.leastEffect(test)),
		}
		ps[i] = findings[i].P
	}
	for i, adjusted := range stats.Holm(ps) {
		findings[i].HolmP = adjusted
		findings[i].Verdict = r.verdict(findings[i])
	}
	return findings
}

func (r Rules) verdict(f Finding) Verdict {
	switch {
	case f.HolmP <= r.Alpha && f.Lo > 1 && f.Times > 1+f.LeastEffect:
		return Regression
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
