package gate

// mostBlocks bounds a gate: a regression is what two blocks of at most three find.
const mostBlocks = 3

// Measure makes one block of paired rounds over some cells, all when none is named.
// Blocks have numbers from 1; each has its own seed.
type Measure func(block int, cells []string) ([]Test, error)

// Decision is the gate's answer with what it rests on.
type Decision struct {
	Verdict Verdict `json:"verdict"`
	// Blocks holds what each block found. The first has every test, later ones those of
	// cells in doubt, from rounds of their own.
	Blocks [][]Finding `json:"blocks"`
	// Final holds every test over all its rounds together, with the gate's verdict on it.
	Final []Finding `json:"final"`
}

// Decide measures one block and, as long as a cell is in doubt, up to two more of it.
func (r Rules) Decide(measure Measure, noise *Noise, seed uint64) (Decision, error) {
	var d Decision
	var all []Test // each test with the rounds of all blocks
	var cells []string
	for block := 1; block <= mostBlocks; block++ {
		tests, err := measure(block, cells)
		if err != nil {
			return Decision{}, err
		}
		d.Blocks = append(d.Blocks, r.Judge(tests, noise, seed+uint64(block)))
		all = pool(all, tests)
		d.Final = r.Judge(all, noise, seed)
		cells = d.settle()
		if len(cells) == 0 {
			break
		}
	}
	verdicts := make([]Verdict, len(d.Final))
	for i, f := range d.Final {
		verdicts[i] = f.Verdict
	}
	d.Verdict = worst(verdicts)
	return d, nil
}

// settle replaces the verdicts over all rounds by the gate's and names the cells that
// another block could settle.
func (d *Decision) settle() (doubtful []string) {
	seen := map[string]bool{}
	for i := range d.Final {
		f := &d.Final[i]
		var open bool
		f.Verdict, open = d.verdict(f)
		if open && !seen[f.Cell] {
			seen[f.Cell] = true
			doubtful = append(doubtful, f.Cell)
		}
	}
	return doubtful
}

// verdict is the gate's on one test; open says that another block might change it. What
// one block finds and no other, while both together still show it, stays in doubt.
func (d *Decision) verdict(pooled *Finding) (v Verdict, open bool) {
	blocks, found := 0, 0
	for i, block := range d.Blocks {
		for _, f := range block {
			if f.name() != pooled.name() {
				continue
			}
			if i == 0 && f.Verdict == OK {
				return OK, false
			}
			blocks++
			if f.Verdict == Regression {
				found++
			}
		}
	}
	v = Inconclusive
	switch {
	case found >= 2:
		return Regression, false
	case blocks > 1 && pooled.Verdict == OK:
		v = OK
	}
	return v, blocks == 1 || found == 1
}

// pool appends the rounds of a block to those before it.
func pool(all, block []Test) []Test {
	if all == nil {
		return append(all, block...)
	}
	pooled := make([]Test, len(all))
	for i, test := range all {
		for _, more := range block {
			if more.name() == test.name() {
				test.Worse = append(append([]float64{}, test.Worse...), more.Worse...)
			}
		}
		pooled[i] = test
	}
	return pooled
}
