package driver

import (
	"context"
	"time"

	"bpfdb/workloads"
)

// Warmup is what is sent before the measured phase, from another stream, and left out of the
// Result. By count, by time, or until the server has settled; nothing set means none.
type Warmup struct {
	Operations uint64
	Duration   time.Duration // where Operations is 0; with Steady, at least this long
	// Ramp is how long the load takes to rise at the beginning: the rate of an open loop
	// grows evenly, the connections of a closed one join one after the other.
	Ramp   time.Duration
	Steady Steady
}

// Steady says when a server has settled: what it does per Window (operations answered in a
// closed loop, mean response time in an open one) was the same over the last Windows.
type Steady struct {
	Window  time.Duration
	Windows int
	// Band is how far each window may be from their mean, and Slope how much their trend may
	// change from the first to the last, both as shares of the mean.
	Band, Slope float64
	Limit       time.Duration // of the warm-up; reached, the measured phase starts unsteady
}

// Warmed is how the warm-up went.
type Warmed struct {
	Operations uint64 // answered
	NS         int64
	Steady     bool // it was to settle, and did

	drawn []uint64 // transactions, by connection
}

// Check returns an error wrapping ErrConfig that names the first bad field and its value.
func (w Warmup) Check() error {
	s := w.Steady
	switch {
	case w.Duration < 0:
		return bad("warm-up duration", w.Duration, "a positive duration")
	case w.Ramp < 0 || w.Ramp > 0 && w.Operations > 0:
		return bad("ramp", w.Ramp, "a positive duration, and a warm-up that ends by time")
	case w.Ramp > max(w.Duration, s.Limit):
		return bad("ramp", w.Ramp, "at most the length of the warm-up")
	case s == Steady{}:
		return nil
	case w.Operations > 0:
		return bad("warm-up operations", w.Operations, "none where the warm-up lasts until steady")
	case s.Window < time.Millisecond:
		return bad("steady window", s.Window, "at least 1ms")
	case s.Windows < 3:
		return bad("steady windows", s.Windows, "at least 3")
	case !(s.Band > 0 && s.Band < 1):
		return bad("steady band", s.Band, "above 0, below 1")
	case !(s.Slope > 0 && s.Slope < 1):
		return bad("steady slope", s.Slope, "above 0, below 1")
	case s.Limit < time.Duration(s.Windows)*s.Window:
		return bad("steady limit", s.Limit, "at least the time of all windows")
	}
	return nil
}

// warmUp sends operations of another seed, so that the measured stream is the same with
// and without it, and forgets what it recorded.
func warmUp(ctx context.Context, cfg Config, b backend) (Warmed, error) {
	w := cfg.Warmup
	l := length{operations: w.Operations, duration: w.Duration, ramp: w.Ramp}
	watch := w.Steady != Steady{}
	if watch {
		l.duration = w.Steady.Limit
	}
	p, err := runPhase(cfg, workloads.Warmup, l)
	if err != nil {
		return Warmed{}, err
	}
	stop := reportProgress(cfg, b, p.total)
	p.start = time.Now()
	disarm := p.endAfter(cfg, l)
	steady := make(chan bool, 1)
	watching, unwatch := context.WithCancel(ctx)
	if watch {
		go func() { steady <- w.awaitSteady(watching, cfg, b, p) }() // ends with the watching
	} else {
		steady <- false
	}
	err = b.run(ctx, p)
	unwatch()
	disarm()
	stop()
	warmed := Warmed{NS: time.Since(p.start).Nanoseconds(), Steady: <-steady}
	warmed.drawn = p.drawn()
	for _, r := range b.recorders() {
		warmed.Operations += r.ops
		r.reset()
	}
	return warmed, err
}

// awaitSteady ends the phase when the server has settled and reports whether it has. It
// looks until the context ends.
func (w Warmup) awaitSteady(ctx context.Context, cfg Config, b backend, p *phase) bool {
	tick := time.NewTicker(w.Steady.Window)
	defer tick.Stop()
	var seen []float64
	var ops, ns float64
	for {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
		beforeOps, beforeNS := ops, ns
		ops, ns = 0, 0
		for _, r := range b.recorders() {
			ops += float64(r.done.Load())
			ns += float64(r.totalNS.Load())
		}
		answered := ops - beforeOps
		switch {
		case !cfg.open():
			seen = append(seen, answered)
		case answered > 0:
			seen = append(seen, (ns-beforeNS)/answered)
		default:
			seen = nil // a window without an answer is as far from steady as can be
		}
		if time.Since(p.start) >= max(w.Duration, w.Ramp) && w.Steady.reached(seen) {
			p.over.Store(true)
			return true
		}
	}
}

// reached looks at the last windows: all within the band, and their least-squares line flat.
func (s Steady) reached(seen []float64) bool {
	if len(seen) < s.Windows {
		return false
	}
	last := seen[len(seen)-s.Windows:]
	var mean float64
	for _, y := range last {
		mean += y / float64(len(last))
	}
	if !(mean > 0) {
		return false
	}
	middle := float64(len(last)-1) / 2
	var covariance, variance float64
	for i, y := range last {
		if y < mean*(1-s.Band) || y > mean*(1+s.Band) {
			return false
		}
		x := float64(i) - middle
		covariance += x * (y - mean)
		variance += x * x
	}
	change := covariance / variance * float64(len(last)-1)
	return max(change, -change) <= s.Slope*mean
}
