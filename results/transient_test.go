package results_test

import (
	"testing"

	"bpfdb/results"
)

// course is a trial with so many operations in its windows, and a last one that was cut short.
func course(ops ...uint64) *results.Trial {
	t := &results.Trial{}
	for _, n := range append(ops, 1) {
		t.Windows = append(t.Windows, results.Window{Ops: n})
	}
	return t
}

func TestTransient(t *testing.T) {
	settling := []uint64{400, 700, 900}
	for range 5 {
		settling = append(settling, 1000, 1010, 990)
	}
	for name, c := range map[string]struct {
		trial *results.Trial
		want  int
	}{
		"no windows":   {&results.Trial{}, 0},
		"too few":      {course(1, 100, 100, 100), 0},
		"settling":     {course(settling...), 3},
		"steady":       {course(1000, 990, 1010, 1000, 1005, 995, 1000, 1010, 990, 1000, 1000), 0},
		"hardly":       {course(980, 1000, 1001, 1000, 1000, 1001, 1000, 1000, 1001, 1000, 1000), 0},
		"never steady": {course(100, 200, 300, 400, 500, 600, 700, 800, 900, 1000), 5},
		"cache filled": {course(2000, 2000, 1000, 1001, 1000, 999, 1000, 1001, 1000, 1000), 2},
	} {
		if got := c.trial.Transient(); got != c.want {
			t.Errorf("%s: %d windows, want %d", name, got, c.want)
		}
	}
	saved := course(settling...)
	saved.Checkpoint = &results.Checkpoint{}
	if got := saved.Transient(); got != 0 {
		t.Errorf("with a checkpoint: %d windows", got)
	}
}
