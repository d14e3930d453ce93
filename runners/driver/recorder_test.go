package driver

import (
	"strings"
	"testing"
)

// TestLatencyOutOfRangeIsAnError: a recording the histogram cannot hold must not vanish.
func TestLatencyOutOfRangeIsAnError(t *testing.T) {
	r := newRecorder(Config{})
	r.record(&r.hists, slotRead, histMaxNS)
	r.record(&r.hists, slotRead, 2*histMaxNS)
	res := collect([]*recorder{r}, false)
	if res.Errors != 1 || !strings.Contains(res.FirstError, "120000000000 ns dropped") {
		t.Errorf("%d errors, first %q; want the dropped latency", res.Errors, res.FirstError)
	}
	if got := res.All.TotalCount(); got != 1 {
		t.Errorf("histogram holds %d values, want 1", got)
	}
}

func TestCollectAddsUp(t *testing.T) {
	a, b := newRecorder(Config{}), newRecorder(Config{})
	for i := range int64(100) {
		a.record(&a.hists, slotRead, 1000+i)
		b.record(&b.hists, slotRMWRead, 2000+i)
		b.record(&b.hists, slotRMWUpdate, 3000+i)
		b.record(&b.hists, slotRMW, 5000+i)
	}
	a.ops, b.ops, a.misses, b.misses = 100, 100, 3, 4
	b.fail("late")
	res := collect([]*recorder{a, b}, false)
	if res.Ops != 200 || res.Misses != 7 || res.Errors != 1 || res.FirstError != "late" {
		t.Errorf("got %+v", res)
	}
	if n := res.All.TotalCount(); n != 200 {
		t.Errorf("all holds %d, want each operation once", n)
	}
	if n := res.Latency[0].Hist.TotalCount(); n != 200 {
		t.Errorf("READ holds %d, want those of read-modify-writes too", n)
	}
	b.reset()
	if res := collect([]*recorder{b}, false); res.Ops+res.Errors != 0 || res.FirstError != "" || len(res.Latency) != 0 {
		t.Errorf("after a reset: %+v", res)
	}
}
