package gate

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
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
	Series        []Series            `json:"series"`
}

// Series is a number of gates over one pair of builds.
type Series struct {
	Intended float64 `json:"intended"` // slowdown of p99 that was aimed at, 0 for equal builds
	DelayNS  int64   `json:"delay_ns"` // injected into each batch of requests
	// Injected is the slowdown of p99 over all rounds of all gates, with its interval.
	Injected stats.Ratio `json:"injected"`
	Verdicts []Verdict   `json:"verdicts"`
	Seconds  []float64   `json:"seconds"` // each gate took
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
	if err := g.raise(); err != nil {
		return nil, err
	}
	for i, effect := range append([]float64{0}, effects...) {
		one := g
		one.Seed = g.Seed + uint64(1000*i)
		one.Out = filepath.Join(g.Out, fmt.Sprintf("injected-%.0f", 100*effect))
		t.Series = append(t.Series, Series{Intended: effect})
		if err := one.series(ctx, gates, build, t, g.save); err != nil {
			return nil, err
		}
	}
	t.Finished = time.Now().UTC()
	return t, g.save(t)
}

// save leaves what there is so far on disk: without an end it is of a test that was cut short.
func (g Gate) save(t *Selftest) error { return writeJSON(filepath.Join(g.Out, SelftestFile), t) }

// series makes the gates of the last series of t.
func (g Gate) series(ctx context.Context, gates int, build Builder, t *Selftest, save func(*Selftest) error) error {
	s := &t.Series[len(t.Series)-1]
	var err error
	if s.Intended > 0 {
		if s.DelayNS, err = g.calibrate(ctx, s.Intended, build); err != nil {
			return err
		}
	}
	if g.Sides[1], err = build(ctx, s.DelayNS); err != nil {
		return err
	}
	var injected []float64
	for i := range gates {
		one := g
		one.Seed += uint64(i)
		one.Out = filepath.Join(g.Out, fmt.Sprintf("gate-%d", i+1))
		d, err := one.Run(ctx)
		if err != nil {
			return err
		}
		t.Environment = d.Environment
		injected = append(injected, d.Timed.worse(MetricP99)...)
		s.Verdicts = append(s.Verdicts, d.Verdict)
		s.Seconds = append(s.Seconds, d.Finished.Sub(d.Started).Seconds())
		lo, hi := stats.BootstrapCI(injected, g.Rules.Confidence, g.Seed)
		s.Injected = stats.Ratio{Median: math.Exp(stats.Median(injected)), Lo: math.Exp(lo), Hi: math.Exp(hi),
			Rounds: len(injected)}
		g.Say("injected %s, gate %d of %d: %s after %.0f s", share(1+s.Intended), i+1, gates, d.Verdict,
			s.Seconds[i])
		if err := save(t); err != nil {
			return err
		}
	}
	return nil
}

// worse are the pairs of a metric, of all cells.
func (d *Decision) worse(metric string) (all []float64) {
	for _, t := range d.Tests {
		if t.Metric == metric {
			all = append(all, pooled(t.Blocks)...)
		}
	}
	return all
}

// Limits of the search for a delay.
const (
	calibrations  = 4
	firstDelayNS  = 2_000
	longestStride = 4.0 // from one guess to the next, either way
)

// calibrate looks for the delay that slows p99 by the effect, on this machine and spec: the
// slowdown is taken to be in proportion to the delay, and the factor estimated from all
// tries. What the delay really comes to is measured by the gates themselves.
func (g Gate) calibrate(ctx context.Context, effect float64, build Builder) (int64, error) {
	cells, err := g.Cells()
	if err != nil {
		return 0, err
	}
	delay, want := float64(firstDelayNS), math.Log(1+effect)
	products, squares := 0.0, 0.0
	for i := range calibrations {
		if g.Sides[1], err = build(ctx, int64(delay)); err != nil {
			return 0, err
		}
		var slower []float64
		for _, cell := range cells {
			b, err := g.Measure(ctx, cell, calibrations+i)
			if err != nil {
				return 0, err
			}
			slower = append(slower, b.Metrics[MetricP99].Worse...)
		}
		got := stats.Median(slower)
		g.Say("a delay of %.0f ns slows p99 by %s, wanted %s", delay, share(math.Exp(got)), share(1+effect))
		products, squares = products+got*delay, squares+delay*delay
		next := longestStride * delay // also where nothing was slowed
		if products > 0 {
			next = min(max(want*squares/products, delay/longestStride), next)
		}
		delay = next
	}
	return int64(delay), nil
}

// Print writes what the self-test found.
func (t *Selftest) Print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "aimed at\tdelay\tp99 really worse by\tinterval\trounds\t"+
		"gates\tregression\tinconclusive\tok\tlongest")
	for _, s := range t.Series {
		fmt.Fprintf(table, "%s\t%d ns\t%s\t[%s, %s]\t%d\t%d\t%d\t%d\t%d\t%.0f s\n", share(1+s.Intended), s.DelayNS,
			share(s.Injected.Median), share(s.Injected.Lo), share(s.Injected.Hi), s.Injected.Rounds,
			len(s.Verdicts), s.Count(Regression), s.Count(Inconclusive), s.Count(OK), slices.Max(s.Seconds))
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

func writeJSON(path string, document any) error {
	text, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.WriteFile(path+".tmp", append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(path+".tmp", path)
}
