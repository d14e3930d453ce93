package gate

import (
	"context"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"text/tabwriter"
	"time"

	"bpfdb/results"
	"bpfdb/runners/stats"
)

// SelftestFile is the name a self-test's document has inside its directory.
const SelftestFile = "selftest.json"

// Selftest shows what the gate answers for builds whose difference is known: none at
// all, and delays injected into the server of a test build.
type Selftest struct {
	SchemaVersion int                 `json:"schema_version"`
	Started       time.Time           `json:"started"`
	Finished      time.Time           `json:"finished"`
	Environment   results.Environment `json:"environment"`
	Rules         Rules               `json:"rules"`
	Rounds        int                 `json:"rounds"`
	Noise         *Noise              `json:"noise"`
	Series        []Series            `json:"series"`
}

// Series is a number of gates over one pair of builds.
type Series struct {
	Intended float64 `json:"intended"` // slowdown of p99 that was aimed at, 0 for equal builds
	DelayNS  int64   `json:"delay_ns"` // injected into each batch of requests
	// Injected is the slowdown of p99 over all rounds of all gates, with its interval.
	Injected stats.Ratio `json:"injected"`
	Verdicts []Verdict   `json:"verdicts"`
}

// Count is how many gates of the series gave a verdict.
func (s Series) Count(v Verdict) int {
	n := 0
	for _, verdict := range s.Verdicts {
		if verdict == v {
			n++
		}
	}
	return n
}

// Builder makes the head side with a delay of so many nanoseconds in each batch.
type Builder func(ctx context.Context, delayNS int64) (Side, error)

// Try runs the self-test: gates over equal builds, then over each effect, a share of p99.
func (g Gate) Try(ctx context.Context, gates int, effects []float64, build Builder) (*Selftest, error) {
	t := &Selftest{SchemaVersion: SchemaVersion, Started: time.Now().UTC(), Rules: g.Rules, Rounds: g.Rounds}
	g.TimedOnly = true
	var err error
	g.Say("noise of this machine: base against base")
	if t.Noise, err = g.MeasureNoise(ctx, 2); err != nil {
		return nil, err
	}
	for i, effect := range append([]float64{0}, effects...) {
		one := g
		one.Seed = g.Seed + uint64(1000*i)
		one.Out = filepath.Join(g.Out, fmt.Sprintf("injected-%.0f", 100*effect))
		series, err := one.series(ctx, gates, effect, build, t)
		if err != nil {
			return nil, err
		}
		t.Series = append(t.Series, series)
	}
	t.Finished = time.Now().UTC()
	return t, writeJSON(filepath.Join(g.Out, SelftestFile), t)
}

func (g Gate) series(ctx context.Context, gates int, effect float64, build Builder, t *Selftest) (Series, error) {
	s := Series{Intended: effect}
	var err error
	if effect > 0 {
		if s.DelayNS, err = g.calibrate(ctx, effect, build); err != nil {
			return s, err
		}
	}
	if g.Sides[1], err = build(ctx, s.DelayNS); err != nil {
		return s, err
	}
	var injected []float64
	for i := range gates {
		one := g
		one.Seed += uint64(i)
		one.Out = filepath.Join(g.Out, fmt.Sprintf("gate-%d", i+1))
		d, err := one.Run(ctx)
		if err != nil {
			return s, err
		}
		t.Environment = d.Environment
		for _, f := range d.Timed.Final {
			if f.Metric == MetricP99 {
				injected = append(injected, f.Worse...)
			}
		}
		s.Verdicts = append(s.Verdicts, d.Verdict)
		g.Say("injected %s, gate %d of %d: %s", share(1+effect), i+1, gates, d.Verdict)
	}
	lo, hi := stats.BootstrapCI(injected, g.Rules.Confidence, g.Seed)
	s.Injected = stats.Ratio{Median: math.Exp(stats.Median(injected)), Lo: math.Exp(lo), Hi: math.Exp(hi),
		Rounds: len(injected)}
	return s, nil
}

// Limits of the search for a delay.
const (
	calibrations  = 5
	firstDelayNS  = 2_000
	calibrated    = 0.1 // of ln(1 + effect): near enough
	longestStride = 4.0 // from one guess to the next, either way
)

// calibrate looks for the delay that slows p99 by the effect, on this machine and spec.
// What it really comes to is measured by the gates themselves.
func (g Gate) calibrate(ctx context.Context, effect float64, build Builder) (int64, error) {
	delay, want := float64(firstDelayNS), math.Log(1+effect)
	for i := range calibrations {
		var err error
		if g.Sides[1], err = build(ctx, int64(delay)); err != nil {
			return 0, err
		}
		probe := g.Bench
		probe.Out = filepath.Join(g.Out, fmt.Sprintf("calibration-%d", i+1))
		tests, _, err := probe.Measure(ctx, 1, nil)
		if err != nil {
			return 0, err
		}
		var slower []float64
		for _, test := range tests {
			if test.Metric == MetricP99 {
				slower = append(slower, test.Worse...)
			}
		}
		got := stats.Median(slower)
		g.Say("a delay of %.0f ns slows p99 by %s, wanted %s", delay, share(math.Exp(got)), share(1+effect))
		if math.Abs(got-want) <= calibrated*want {
			break
		}
		stride := longestStride // also where nothing was slowed
		if got > 0 {
			stride = min(max(want/got, 1/longestStride), longestStride)
		}
		delay *= stride
	}
	return int64(delay), nil
}

// Print writes what the self-test found.
func (t *Selftest) Print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "aimed at\tdelay\tp99 really worse by\tinterval\trounds\tgates\tregression\tinconclusive\tok")
	for _, s := range t.Series {
		fmt.Fprintf(table, "%s\t%d ns\t%s\t[%s, %s]\t%d\t%d\t%d\t%d\t%d\n", share(1+s.Intended), s.DelayNS,
			share(s.Injected.Median), share(s.Injected.Lo), share(s.Injected.Hi), s.Injected.Rounds,
			len(s.Verdicts), s.Count(Regression), s.Count(Inconclusive), s.Count(OK))
	}
	return table.Flush()
}

// Passed says whether equal builds raised no alarm and every promised slowdown did.
func (t *Selftest) Passed() bool {
	for _, s := range t.Series {
		if s.Intended == 0 && s.Count(Regression) > 0 {
			return false
		}
		if s.Intended >= t.Rules.Promise && s.Count(Regression) < len(s.Verdicts) {
			return false
		}
	}
	return len(t.Series) > 0
}
