package results

import "math"

const (
	// leastWindows is how many windows a course must have to tell its beginning from the rest.
	leastWindows = 10
	// leastTransient is by how much a beginning must differ in its mean to be one, as a share: the
	// rule below finds the best cut also where there is nothing to cut.
	leastTransient = 0.05
)

// Transient is how many windows at the beginning of the measured phase belong to warming up, by the
// marginal standard error rule (MSER: White, "An effective truncation heuristic for bias reduction in
// simulation output", Simulation 69(6), 1997): the cut after which the mean of operations per window is
// known best. At most half of them are cut; 0 where their mean is that of the rest within 5 %, where
// there are too few windows, and where a checkpoint changes the course on purpose. The last window,
// which the end may have cut short, is not looked at.
func (t *Trial) Transient() int {
	windows := t.Windows[:max(len(t.Windows)-1, 0)]
	if len(windows) < leastWindows || t.Checkpoint != nil {
		return 0
	}
	// From the end on, so that sums over what is left after each cut are at hand.
	var n, sum, squares float64
	best, cut := math.Inf(1), 0
	for i := len(windows) - 1; i >= 0; i-- {
		x := float64(windows[i].Ops)
		n, sum, squares = n+1, sum+x, squares+x*x
		if spread := (squares - sum*sum/n) / (n * n); i <= len(windows)/2 && spread < best {
			best, cut = spread, i
		}
	}
	if cut == 0 {
		return 0
	}
	before, after := meanOps(windows[:cut]), meanOps(windows[cut:])
	if math.Abs(before-after) <= leastTransient*after {
		return 0
	}
	return cut
}

func meanOps(windows []Window) (mean float64) {
	for _, w := range windows {
		mean += float64(w.Ops) / float64(len(windows))
	}
	return mean
}
