package redolog

import "fmt"

// Report is what Verify has found.
type Report struct {
	Dir     string       `json:"dir"`
	StoreID string       `json:"store_id"`
	Files   []FileReport `json:"files"`
	// Checkpoint is where recovery would begin, nil if at the beginning of the log.
	Checkpoint *CheckpointInfo `json:"checkpoint"`
	// LastLSN is that of the last commit that recovery would bring back, or, if anything is wrong, a repair.
	LastLSN uint64 `json:"last_lsn"`
	// Clean says that the log ends with a clean close.
	Clean bool `json:"clean"`
	// Cut is the incomplete end of the log, which recovery will cut; it is no problem.
	Cut *Cut `json:"cut"`
	// Problems is everything that is wrong, those included that recovery could do without.
	Problems []Problem `json:"problems"`
	// Plan is what Repair would do, nil if nothing or if nothing can be done.
	Plan *Plan `json:"plan"`
}

// OK reports whether nothing is wrong.
func (r *Report) OK() bool { return len(r.Problems) == 0 }

// FileReport describes one file.
type FileReport struct {
	Name string `json:"name"`
	// FirstLSN and LastLSN are those of the records; a checkpoint has its own in both, a segment without records
	// has 0.
	FirstLSN uint64 `json:"first_lsn"`
	LastLSN  uint64 `json:"last_lsn"`
	// Frames are those of a segment, or the blocks of a checkpoint; Records, its records or keys.
	Frames  uint64 `json:"frames"`
	Records uint64 `json:"records"`
	// Bytes is how much of the file is used.
	Bytes int64  `json:"bytes"`
	State string `json:"state"`
}

// Verify reads everything in a directory that nobody has open (ErrLocked), and changes nothing. What is wrong is
// in the report; an error says that it could not be made: ErrNoLog, ErrOptions or one of reading.
func Verify(options Options) (*Report, error) {
	fs, lock, err := lockOffline(options)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	v, err := takeSurvey(fs)
	if err != nil {
		return nil, err
	}
	return v.report(options.Dir), nil
}

func (v *survey) report(dir string) *Report {
	r := &Report{Dir: dir, StoreID: v.id.String(), Problems: []Problem{}, LastLSN: v.base()}
	r.Problems = append(r.Problems, v.problems()...)
	if v.newest != nil {
		sums := v.newest.sums
		r.Checkpoint = &CheckpointInfo{v.newest.lsn, sums.keys, sums.bytes}
	}
	if r.Plan, _ = v.plan(); r.Plan != nil {
		r.LastLSN = r.Plan.LastLSN
	} else if n := len(v.scanned); n > 0 {
		last := v.scanned[n-1]
		r.Clean = last.closed
		r.Cut = last.cutOff()
		for _, s := range v.scanned {
			if s.records > 0 {
				r.LastLSN = max(r.LastLSN, s.last)
			}
		}
	}
	v.listSegments(r)
	for _, c := range v.checkpoints {
		r.Files = append(r.Files, c.report())
	}
	for _, name := range v.temporary {
		r.Files = append(r.Files, FileReport{Name: name, State: "unfinished, will be removed"})
	}
	return r
}

func (v *survey) listSegments(r *Report) {
	wrong := map[int]string{}
	for _, l := range v.segmentProblems() {
		wrong[l.at] = fmt.Sprintf("damaged at offset %d", l.Offset)
	}
	_, before := v.run()
	for n, s := range v.scanned {
		f := FileReport{
			Name: s.name, FirstLSN: s.first, Frames: s.frames, Records: s.records, Bytes: s.end, State: "ok",
		}
		if s.records > 0 {
			f.LastLSN = s.last
		}
		switch {
		case s.refused != nil:
			f.State = "refused"
		case wrong[n] != "":
			f.State = wrong[n]
		case n < len(before):
			f.State = "left over"
		case n+1 == len(v.scanned) && s.closed:
			f.State = "ok, closed cleanly"
		case n+1 == len(v.scanned) && r.Cut != nil:
			f.State = fmt.Sprintf("ok, incomplete end of %d bytes", s.behind.bytes)
		}
		r.Files = append(r.Files, f)
	}
}

func (c checked) report() FileReport {
	f := FileReport{
		Name: c.name, FirstLSN: c.lsn, LastLSN: c.lsn, Frames: c.sums.blocks, Records: c.sums.keys,
		Bytes: c.size, State: "ok",
	}
	if c.problem != nil {
		f.State = fmt.Sprintf("damaged at offset %d", c.problem.Offset)
	} else if c.refused != nil {
		f.State = "refused"
	}
	return f
}
