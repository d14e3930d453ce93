package gate

import (
	"fmt"
	"slices"
)

// Measure makes one block of paired rounds of a cell, on fresh servers: its rounds by metric.
// Blocks have numbers from 1.
type Measure func(cell string, block int) (map[string]Rounds, error)

// Decision is the gate's answer with what it rests on.
type Decision struct {
	Verdict  Verdict     `json:"verdict"`
	Findings []Finding   `json:"findings"` // the latest of each test
	Looks    [][]Finding `json:"looks"`    // all of them, in order
	Tests    []Test      `json:"tests"`    // the data
}

var metrics = []string{MetricP99, MetricThroughput}

// Decide measures blocks of every cell and, as long as a cell is in doubt, more of it.
func (r Rules) Decide(measure Measure, cells []string, seed uint64) (Decision, error) {
	var d Decision
	for _, cell := range cells {
		for _, metric := range metrics {
			d.Tests = append(d.Tests, Test{Cell: cell, Metric: metric})
		}
	}
	doubtful := cells
	for block := 1; block <= r.MostBlocks && len(doubtful) > 0; block++ {
		for _, cell := range doubtful {
			if err := d.add(measure, cell, block); err != nil {
				return Decision{}, err
			}
		}
		if block >= r.LeastBlocks {
			d.Findings = r.Judge(d.Tests, seed+uint64(block))
			d.Looks = append(d.Looks, d.Findings)
			doubtful = d.doubtful(cells)
		}
	}
	verdicts := []Verdict{}
	for _, f := range d.Findings {
		verdicts = append(verdicts, f.Verdict)
	}
	if len(verdicts) == 0 {
		return Decision{}, fmt.Errorf("%w: there is nothing to compare", ErrBroken)
	}
	d.Verdict = worst(verdicts)
	return d, nil
}

func (d *Decision) add(measure Measure, cell string, block int) error {
	rounds, err := measure(cell, block)
	if err != nil {
		return err
	}
	for i := range d.Tests {
		if t := &d.Tests[i]; t.Cell == cell {
			t.Blocks = append(t.Blocks, rounds[t.Metric])
		}
	}
	return nil
}

// doubtful are the cells that another block could settle.
func (d *Decision) doubtful(cells []string) (in []string) {
	for _, cell := range cells {
		if slices.ContainsFunc(d.Findings, func(f Finding) bool {
			return f.Cell == cell && f.Verdict == Inconclusive
		}) {
			in = append(in, cell)
		}
	}
	return in
}
