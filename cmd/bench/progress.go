package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"bpfdb/results"
	"bpfdb/runners/plan"
	"bpfdb/runners/run"
	"bpfdb/runners/spec"
)

// newProgress shows a run on w: a bar with the time left on a terminal, one line per
// trial elsewhere.
func newProgress(w io.Writer) run.Observer {
	if file, ok := w.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return &barProgress{w: w}
	}
	return &lineProgress{w: w}
}

// barProgress keeps one line up to date. A trial counts as much as the plan estimates it to
// take, so that the time left is right where trials differ in length.
type barProgress struct {
	w           io.Writer
	bar         *progressbar.ProgressBar
	done, total int
	current     time.Duration
}

func (p *barProgress) Begin(trials []plan.Trial) {
	var all time.Duration
	for _, t := range trials {
		all += t.Estimate()
	}
	p.total = len(trials)
	p.bar = progressbar.NewOptions64(all.Milliseconds(),
		progressbar.OptionSetWriter(p.w),
		progressbar.OptionSetWidth(24),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionClearOnFinish(),
	)
}

func (p *barProgress) Starting(t plan.Trial) {
	p.current = t.Estimate()
	p.bar.Describe(fmt.Sprintf("[%d/%d] %s", p.done+1, p.total, cellName(t.Cell)))
}

func (p *barProgress) Done(t results.Trial) {
	if t.Failure != "" {
		p.bar.Clear()
		fmt.Fprintf(p.w, "%s: failed: %s\n", cellName(t.Cell), t.Failure)
	}
	p.done++
	p.bar.Add64(p.current.Milliseconds())
}

func (p *barProgress) Looked(t results.InstrumentedTrial) {
	if said := inside(t); said != "" {
		p.bar.Clear()
		fmt.Fprintf(p.w, "%s, %s: %s\n", cellName(t.Cell), t.Instrument, said)
	}
	p.done++
	p.bar.Add64(p.current.Milliseconds())
}

// lineProgress writes for files and pipes.
type lineProgress struct {
	w           io.Writer
	begun       time.Time
	done, total int
	spent, left time.Duration // estimates of what is behind and ahead
	current     time.Duration
}

func (p *lineProgress) Begin(trials []plan.Trial) {
	*p = lineProgress{w: p.w, begun: time.Now(), total: len(trials)}
	for _, t := range trials {
		p.left += t.Estimate()
	}
}

func (p *lineProgress) Starting(t plan.Trial) { p.current = t.Estimate() }

func (p *lineProgress) Done(t results.Trial) {
	outcome := fmt.Sprintf("%.0f op/s", t.ThroughputOps)
	if t.SLO != nil {
		outcome = fmt.Sprintf("%s up to %.0f op/s", t.Cell.SLO, t.SLO.RateOps)
	}
	if t.Recovery != nil {
		outcome = fmt.Sprintf("%d records back in %v", t.Ops, time.Duration(t.Recovery.NS).Round(time.Millisecond))
	}
	if t.Client.Saturated != "" {
		outcome += " (" + t.Client.Saturated + ")"
	}
	if t.Failure != "" {
		outcome = "failed: " + t.Failure
	}
	p.line(cellName(t.Cell), outcome)
}

func (p *lineProgress) Looked(t results.InstrumentedTrial) {
	outcome := inside(t)
	if outcome == "" {
		outcome = "done"
	}
	p.line(cellName(t.Cell)+", "+t.Instrument, outcome)
}

// inside is why there is nothing to see in an instrumented trial; empty where there is.
func inside(t results.InstrumentedTrial) string {
	switch {
	case t.NotInstalled != "":
		return t.NotInstalled
	case t.Failure != "":
		return "failed: " + t.Failure
	}
	return ""
}

// line counts the trial that was started as done.
func (p *lineProgress) line(name, outcome string) {
	p.done++
	p.spent += p.current
	p.left -= p.current
	// The plan's estimate of what is left, corrected by how right it was so far.
	left := time.Duration(float64(p.left) * float64(time.Since(p.begun)) / float64(p.spent))
	fmt.Fprintf(p.w, "[%d/%d, %v left] %s: %s\n",
		p.done, p.total, left.Round(time.Second), name, outcome)
}

func cellName(c results.Cell) string {
	if c.Mode != "" {
		return fmt.Sprintf("%s %s %s %s", c.Experiment, c.Arm(), c.Workload, c.Distribution)
	}
	name := fmt.Sprintf("%s %s %s %d B pipeline %d",
		c.Experiment, c.System, c.Workload, c.ValueBytes, c.Pipeline)
	if c.Stop != "" {
		name = fmt.Sprintf("%s %s %d B after %s", c.Experiment, c.System, c.ValueBytes, c.Stop)
	}
	if c.Workload == spec.TraceWorkload {
		name = fmt.Sprintf("%s %s %s pipeline %d", c.Experiment, c.System, c.Distribution, c.Pipeline)
	}
	if c.Speed > 0 {
		name += fmt.Sprintf(" %gx", c.Speed)
	}
	if c.RateOps > 0 {
		name += fmt.Sprintf(" %g/s", c.RateOps)
	}
	return name
}
