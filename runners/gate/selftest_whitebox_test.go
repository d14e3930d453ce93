package gate

import (
	"strings"
	"testing"

	"bpfdb/runners/stats"
)

// The self-test passes when equal builds raise no alarm and every slowdown of the promised
// size is found; what is smaller is only reported.
func TestSelftestPasses(t *testing.T) {
	series := func(intended float64, verdicts ...Verdict) Series {
		return Series{Intended: intended, Verdicts: verdicts, Seconds: make([]float64, len(verdicts)),
			Injected: stats.Ratio{Median: 1 + intended, Lo: 1, Hi: 2}}
	}
	test := func(all ...Series) *Selftest { return &Selftest{Rules: DefaultRules, Series: all} }
	for name, c := range map[string]struct {
		test *Selftest
		want bool
	}{
		"as it should be": {test(series(0, OK, Inconclusive), series(0.2, Regression), series(0.1, OK)), true},
		"an alarm":        {test(series(0, OK, Regression), series(0.2, Regression)), false},
		"one missed":      {test(series(0, OK), series(0.2, Regression, OK)), false},
		"one in doubt":    {test(series(0, OK), series(0.2, Inconclusive, Regression)), false},
		"nothing done":    {test(), false},
	} {
		if got := c.test.Passed(); got != c.want {
			t.Errorf("%s: passed is %v", name, got)
		}
	}
	var text strings.Builder
	err := test(series(0.2, Regression, OK)).Print(&text)
	if err != nil || !strings.Contains(text.String(), "+20.0 %") {
		t.Errorf("printed %q, %v", text.String(), err)
	}
}
