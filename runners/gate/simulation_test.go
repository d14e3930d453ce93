package gate_test

import (
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"bpfdb/runners/gate"
)

// machine invents what a gate would measure: the logarithm of a metric in slices on three
// servers. Nothing here looks at a clock. The scatter is the kind that busy machines have
// shown: neighbouring slices differ by sigma, some are disturbed by a factor of up to ten,
// the machine drifts, and a server may be a little slower than its twin for its whole life.
type machine struct {
	random   *rand.Rand
	sigma    float64 // of one slice
	upset    float64 // chance that a slice is disturbed
	drift    float64 // of the machine from slice to slice
	instance float64 // sigma of a server's own level
	effect   float64 // of head: 0.2 is 20 % worse
}

const rounds = 30

func (m *machine) measure(string, int) (map[string]gate.Rounds, error) {
	measured := map[string]gate.Rounds{}
	for _, metric := range []string{gate.MetricP99, gate.MetricThroughput} {
		sigma := m.sigma
		if metric == gate.MetricThroughput {
			sigma /= 2
		}
		var own [3]float64
		for i := range own {
			own[i] = m.instance * m.random.NormFloat64()
		}
		own[2] += math.Log(1 + m.effect)
		var all gate.Rounds
		level := 0.0
		for range rounds {
			var x [3]float64
			for _, i := range m.random.Perm(3) {
				level += m.drift * m.random.NormFloat64()
				x[i] = level + own[i] + sigma*m.random.NormFloat64()
				if m.random.Float64() < m.upset {
					x[i] += m.random.Float64() * math.Log(10)
				}
			}
			all.Worse = append(all.Worse, x[2]-(x[0]+x[1])/2)
			all.Equal = append(all.Equal, x[1]-x[0])
		}
		measured[metric] = all
	}
	return measured, nil
}

// shape is a kind of machine.
type shape struct{ sigma, upset, drift, instance float64 }

var (
	quiet  = shape{0.10, 0.02, 0.01, 0.01}
	shared = shape{0.25, 0.10, 0.05, 0.02}
	rough  = shape{0.40, 0.20, 0.10, 0.03}
	moody  = shape{0.10, 0.05, 0.02, 0.05} // servers have levels of their own
)

// tries is how many gates are played: few in passing, many where there is time.
func tries() int {
	if minutes, err := strconv.Atoi(os.Getenv("BPFDB_CHECK_MINUTES")); err == nil {
		return max(100*minutes, 40)
	}
	return 40
}

// verdicts plays many gates over one cell and counts their answers.
func verdicts(t *testing.T, seed uint64, s shape, effect float64) (map[gate.Verdict]int, float64) {
	t.Helper()
	counts := map[gate.Verdict]int{}
	m := &machine{rand.New(rand.NewPCG(seed, 1)), s.sigma, s.upset, s.drift, s.instance, effect}
	rules := gate.DefaultRules
	rules.Resamples = 200 // enough to be right on average
	blocks := 0
	for i := range tries() {
		d, err := rules.Decide(m.measure, []string{"a cell"}, uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		counts[d.Verdict]++
		blocks += len(d.Tests[0].Blocks)
	}
	return counts, float64(blocks) / float64(tries())
}

// Equal builds: the gate must not cry wolf, on quiet and on rough machines, nor be in doubt
// where the machine allows certainty.
func TestFalseAlarms(t *testing.T) {
	for i, c := range []struct {
		name  string
		shape shape
		alarm float64 // share of gates that may say regression
		sure  float64 // share that must say ok
	}{
		{"quiet", quiet, 0, 0.99},
		{"shared", shared, 0.02, 0.95},
		{"rough", rough, 0.02, 0.75},
		{"moody", moody, 0.03, 0.85},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, blocks := verdicts(t, uint64(i), c.shape, 0)
			n := float64(tries())
			t.Logf("%v, %.1f blocks", got, blocks)
			// A count of rare events scatters by its square root: two of these are granted.
			if alarms := float64(got[gate.Regression]); alarms > c.alarm*n+2*math.Sqrt(c.alarm*n) {
				t.Errorf("%v false alarms in %v gates", alarms, n)
			}
			if sure := float64(got[gate.OK]); sure < c.sure*n {
				t.Errorf("only %v of %v gates are sure", sure, n)
			}
		})
	}
}

// What the gate promises to find it finds, and half of that where the machine is quiet. An
// "ok" for the promised effect is the one answer that must hardly ever happen.
func TestPower(t *testing.T) {
	for i, c := range []struct {
		name   string
		shape  shape
		effect float64
		found  float64 // least share of gates that say regression
		missed float64 // most that may say ok
	}{
		{"quiet, 20 %", quiet, 0.20, 0.99, 0},
		{"quiet, 10 %", quiet, 0.10, 0.95, 1},
		{"shared, 20 %", shared, 0.20, 0.85, 0.05},
		{"moody, 20 %", moody, 0.20, 0.40, 0.10},
		{"rough, 50 %", rough, 0.50, 0.85, 0},
		{"rough, 20 %", rough, 0.20, 0.15, 0.10},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, blocks := verdicts(t, 100+uint64(i), c.shape, c.effect)
			n := float64(tries())
			t.Logf("%v, %.1f blocks", got, blocks)
			if found := float64(got[gate.Regression]); found < c.found*n {
				t.Errorf("%v of %v found, want %.0f %%", found, n, 100*c.found)
			}
			if missed := float64(got[gate.OK]); missed > c.missed*n {
				t.Errorf("%v of %v were called ok", missed, n)
			}
		})
	}
}

// On a machine too rough to see the promised effect the gate says so, never ok.
func TestRoughMachineIsInconclusive(t *testing.T) {
	got, _ := verdicts(t, 200, shape{1.5, 0.3, 0.5, 0.3}, 0)
	if got[gate.Regression] > tries()/30 || got[gate.Inconclusive] < tries()*8/10 {
		t.Errorf("got %v, want nearly all inconclusive", got)
	}
}
