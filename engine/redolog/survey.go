package redolog

import (
	"errors"
	"io"
	"io/fs"
)

// survey is everything there is to know about a directory, without changing it.
type survey struct {
	inventory
	scanned     []scanned // of all segments; only what is readable has an extent
	checkpoints []checked // oldest first
	newest      *checkpointFile
}

// checked is a checkpoint that has been read.
type checked struct {
	name    string
	lsn     uint64
	size    int64
	sums    trailer
	problem *Problem
	refused error // ErrVersion or ErrForeign
}

// lockOffline locks a directory that exists, but writes nothing into it: who never opened a log there cannot have
// it open.
func lockOffline(options Options) (FS, io.Closer, error) {
	options, err := options.check()
	if err != nil {
		return nil, nil, err
	}
	if options.FS == nil {
		options.FS = OS(options.Dir)
	}
	lock, err := options.FS.Lock(lockName, false)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := options.FS.List(); err != nil {
			return nil, nil, err
		}
		return options.FS, io.NopCloser(nil), nil
	}
	return options.FS, lock, err
}

// takeSurvey reads all files. An error is one of reading, or ErrNoLog.
func takeSurvey(fs FS) (*survey, error) {
	found, err := takeInventory(fs)
	if err != nil {
		return nil, err
	}
	if len(found.segments)+len(found.checkpoints) == 0 {
		return nil, ErrNoLog
	}
	v := &survey{inventory: found}
	for _, s := range found.segments {
		one, err := v.scan(fs, s)
		if err != nil {
			return nil, err
		}
		v.scanned = append(v.scanned, one)
	}
	for _, lsn := range found.checkpoints {
		if err := v.check(fs, lsn); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (v *survey) scan(fs FS, s segmentFile) (scanned, error) {
	file, err := fs.Open(s.name, false)
	if err != nil {
		return scanned{}, err
	}
	defer file.Close()
	if s.readable() {
		return scanSegment(file, s)
	}
	size, err := file.SizeBytes()
	return scanned{s, extent{sizeBytes: size}}, err
}

// check reads a checkpoint.
func (v *survey) check(fs FS, lsn uint64) error {
	c := checked{name: checkpointName(lsn), lsn: lsn}
	file, problem, err := readCheckpoint(fs, lsn, v.id, defaultWorkers())
	switch {
	case errors.Is(err, ErrVersion) || errors.Is(err, ErrForeign):
		c.refused = err
	case err != nil:
		return err
	case problem != nil:
		c.problem = problem
	default:
		v.newest = file
		c.sums, c.size = file.sums, file.size
	}
	v.checkpoints = append(v.checkpoints, c)
	return nil
}

// base is the lsn that recovery begins after.
func (v *survey) base() uint64 {
	if v.newest == nil {
		return 0
	}
	return v.newest.lsn
}

// located is a problem with one of the segments.
type located struct {
	Problem
	at int // index of the segment
}

// segmentProblems lists what is wrong with segments, whether they are needed or not.
func (v *survey) segmentProblems() (problems []located) {
	for n, s := range v.scanned {
		at, what := s.end, ""
		switch {
		case s.refused != nil:
			at, what = 0, s.refused.Error()
		case s.broken != "":
			at, what = 0, s.broken
		case n+1 == len(v.scanned):
			what = s.durable(v.newest)
		case v.scanned[n+1].readable() && v.follow(n, n+1):
			what = s.leadsTo(v.scanned[n+1])
		}
		if what != "" {
			problems = append(problems, located{Problem{s.name, at, what}, n})
		}
	}
	return problems
}

// follow reports whether two segments have numbers that follow each other.
func (v *survey) follow(a, b int) bool {
	return v.scanned[a].header.number+1 == v.scanned[b].header.number
}

// problems lists everything that is wrong.
func (v *survey) problems() (problems []Problem) {
	if problem := v.withoutLog(); problem != nil {
		problems = append(problems, *problem)
	} else if problem := v.outOfReach(); problem != nil && !v.has(problem.File) {
		problems = append(problems, *problem)
	}
	for _, l := range v.segmentProblems() {
		problems = append(problems, l.Problem)
	}
	for _, c := range v.checkpoints {
		if c.problem != nil {
			problems = append(problems, *c.problem)
		}
		if c.refused != nil {
			problems = append(problems, Problem{c.name, 0, c.refused.Error()})
		}
	}
	return problems
}

// outOfReach says why the log does not lead on from where recovery begins.
func (v *survey) outOfReach() *Problem {
	run, _ := v.run()
	_, problem := reach(run, v.base())
	return problem
}

// has reports whether there is a segment of this name.
func (v *survey) has(name string) bool {
	for _, s := range v.segments {
		if s.name == name {
			return true
		}
	}
	return false
}
