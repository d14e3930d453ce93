package summary

import "slices"

// HasDisk tells whether a good trial of the panel left data on disk.
func (p *Panel) HasDisk() bool {
	for _, samples := range p.samples {
		if slices.ContainsFunc(samples, func(s sample) bool { return s.trial.Failure == "" && s.trial.DiskBytes > 0 }) {
			return true
		}
	}
	return false
}

// Recovery sums up how a cell's good trials came back.
type Recovery struct {
	Trials    int
	MostLost  uint64 // keys, in one trial
	LongestNS int64  // the end of the process took
}

// Recovery looks at a cell.
func (p *Panel) Recovery(system string, row Row) Recovery {
	var all Recovery
	for _, s := range p.samples[cell{system, row}] {
		if r := s.trial.Recovery; s.trial.Failure == "" && r != nil {
			all.Trials++
			all.MostLost = max(all.MostLost, r.Lost)
			all.LongestNS = max(all.LongestNS, r.StopNS)
		}
	}
	return all
}

// Checkpoint sums up what a cell's clients saw while a checkpoint was written, in the
// windows that it touches, and in all others.
type Checkpoint struct {
	Trials            int
	LongestNS         int64 // a checkpoint took
	DuringNS, ElseNS  int64 // the highest p99 of a window
	During, Elsewhere int   // windows
}

// Checkpoint looks at a cell; without checkpoints it is zero.
func (p *Panel) Checkpoint(system string, row Row) Checkpoint {
	var all Checkpoint
	for _, s := range p.samples[cell{system, row}] {
		c := s.trial.Checkpoint
		if s.trial.Failure != "" || c == nil {
			continue
		}
		all.Trials++
		all.LongestNS = max(all.LongestNS, c.EndNS-c.BeginNS)
		width := s.trial.Window().Nanoseconds()
		for i, w := range s.trial.Windows {
			begin := int64(i) * width
			if begin < c.EndNS && begin+width > c.BeginNS {
				all.During++
				all.DuringNS = max(all.DuringNS, w.P99NS)
			} else {
				all.Elsewhere++
				all.ElseNS = max(all.ElseNS, w.P99NS)
			}
		}
	}
	return all
}
