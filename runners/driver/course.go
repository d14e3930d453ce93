package driver

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Windows are for curves, which need no third digit; this makes them a tenth of the size.
const (
	courseMinNS  = 1000
	courseDigits = 2
	maxWindows   = 3600 // a course beyond ends there
)

// Window is what happened between two moments of the measured phase.
type Window struct {
	Ops  uint64                  // whole operations answered
	Hist *hdrhistogram.Histogram // their latencies in ns, as in Result.All; nil without any
}

// course sorts the latencies of whole operations by when they were answered.
type course struct {
	widthNS int64 // 0: nothing is kept
	endNS   int64 // of the current window
	windows []Window
}

func newCourse(width time.Duration) course { return course{widthNS: int64(width)} }

func (c *course) reset() { c.windows, c.endNS = nil, 0 }

// add counts an operation answered now, in ns after the phase's start.
func (c *course) add(nowNS, latencyNS int64) {
	if c.widthNS == 0 {
		return
	}
	for nowNS >= c.endNS {
		if len(c.windows) == maxWindows {
			return
		}
		c.endNS += c.widthNS
		c.windows = append(c.windows, Window{})
	}
	w := &c.windows[len(c.windows)-1]
	if w.Hist == nil {
		w.Hist = hdrhistogram.New(courseMinNS, histMaxNS, courseDigits)
	}
	w.Ops++
	w.Hist.RecordValue(latencyNS) //nolint:errcheck // the whole phase's histogram says what is out of range
}

// mergeWindows adds b to a, window by window.
func mergeWindows(a, b []Window) []Window {
	for i, w := range b {
		if i == len(a) {
			a = append(a, Window{})
		}
		a[i].Ops += w.Ops
		if w.Hist == nil {
			continue
		}
		if a[i].Hist == nil {
			a[i].Hist = hdrhistogram.New(courseMinNS, histMaxNS, courseDigits)
		}
		a[i].Hist.Merge(w.Hist)
	}
	return a
}
