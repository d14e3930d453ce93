package gate_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"bpfdb/runners/gate"
)

// machine invents what a gate would measure: rounds whose ratio scatters around a true
// effect. Nothing here looks at a clock.
type machine struct {
	random *rand.Rand
	sigma  float64 // of ln(head/base) in a round
	// upset is the chance that one side of a round is disturbed, by up to a factor of 3.
	upset  float64
	rounds int
	effect map[string]float64 // by cell: 0.2 is 20 % worse
}

var cells = []string{"bpfdb-user ycsb-a", "bpfdb-sockmap ycsb-a", "bpfdb-sockmap ycsb-c"}

func (m *machine) measure(_ int, only []string) ([]gate.Test, error) {
	if only == nil {
		only = cells
	}
	var tests []gate.Test
	for _, cell := range only {
		for _, metric := range []string{gate.MetricP99, gate.MetricThroughput} {
			test := gate.Test{Cell: cell, Metric: metric}
			for range m.rounds {
				x := m.sigma*m.random.NormFloat64() + math.Log(1+m.effect[cell])
				if m.random.Float64() < m.upset {
					x += (2*m.random.Float64() - 1) * math.Log(3)
				}
				test.Worse = append(test.Worse, x)
			}
			tests = append(tests, test)
		}
	}
	return tests, nil
}

// noise is an A/A block of the machine.
func (m *machine) noise(t *testing.T) *gate.Noise {
	t.Helper()
	quiet := *m
	quiet.effect, quiet.rounds = nil, 20
	tests, err := quiet.measure(0, nil)
	if err != nil {
		t.Fatal(err)
	}
	return gate.NewNoise(tests, m.rounds, environment, "spec")
}

// verdicts plays many gates and counts their answers.
func verdicts(t *testing.T, seed uint64, gates int, sigma, upset, effect float64) map[gate.Verdict]int {
	t.Helper()
	counts := map[gate.Verdict]int{}
	m := &machine{random: rand.New(rand.NewPCG(seed, 1)), sigma: sigma, upset: upset,
		rounds: gate.LeastRounds, effect: map[string]float64{cells[0]: effect}}
	noise := m.noise(t)
	for i := range gates {
		d, err := gate.DefaultRules.Decide(m.measure, noise, uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		counts[d.Verdict]++
	}
	return counts
}

// Equal builds: the gate must not cry wolf, on quiet and on rough machines.
func TestFalseAlarms(t *testing.T) {
	const gates = 30
	for i, c := range []struct{ sigma, upset float64 }{{0.03, 0}, {0.08, 0}, {0.08, 0.1}, {0.15, 0.1}, {0.4, 0.2}} {
		got := verdicts(t, uint64(i), gates, c.sigma, c.upset, 0)
		t.Logf("sigma %.2f, upset %.1f: %v", c.sigma, c.upset, got)
		if got[gate.Regression] > 0 {
			t.Errorf("sigma %.2f, upset %.1f: %d false alarms in %d gates",
				c.sigma, c.upset, got[gate.Regression], gates)
		}
		if c.sigma <= 0.08 && got[gate.OK] < gates*97/100 {
			t.Errorf("sigma %.2f, upset %.1f: only %d of %d gates are sure", c.sigma, c.upset, got[gate.OK], gates)
		}
	}
}

// A slowdown of one cell in three: what the gate promises to find it finds, and half of
// that it finds where the machine is quiet. An "ok" for the promised effect is the one
// answer that must not happen.
func TestPower(t *testing.T) {
	const gates = 25
	for i, c := range []struct {
		sigma, upset, effect float64
		least                int // regressions in 25 gates
	}{
		{0.03, 0, 0.20, 25},
		{0.08, 0, 0.20, 24},
		{0.08, 0.1, 0.20, 22},
		{0.03, 0, 0.10, 24},
		{0.08, 0, 0.10, 15},
	} {
		got := verdicts(t, 100+uint64(i), gates, c.sigma, c.upset, c.effect)
		t.Logf("sigma %.2f, upset %.1f, effect %.0f %%: %v", c.sigma, c.upset, 100*c.effect, got)
		if got[gate.Regression] < c.least {
			t.Errorf("sigma %.2f, upset %.1f, effect %.0f %%: %d of %d found, want %d",
				c.sigma, c.upset, 100*c.effect, got[gate.Regression], gates, c.least)
		}
		if c.effect >= gate.DefaultRules.Promise && got[gate.OK] > 1 {
			t.Errorf("sigma %.2f, upset %.1f: %d of %d slowdowns of %.0f %% were called ok",
				c.sigma, c.upset, got[gate.OK], gates, 100*c.effect)
		}
	}
}

// On a machine too rough to see the promised effect the gate says so, never ok.
func TestRoughMachineIsInconclusive(t *testing.T) {
	got := verdicts(t, 200, 30, 0.8, 0.3, 0)
	if got[gate.OK] > 3 || got[gate.Inconclusive] < 27 {
		t.Errorf("got %v in 30 gates, want nearly all inconclusive", got)
	}
}
