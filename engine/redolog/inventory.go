package redolog

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// inventory is what a directory holds, by names and headers.
type inventory struct {
	id          StoreID // zero if there is no segment yet
	segments    []segmentFile
	checkpoints []uint64 // lsns by name, oldest first
	temporary   []string
}

// segmentFile is a segment with its header. If that is damaged or refused, only its number is known.
type segmentFile struct {
	name    string
	header  fileHeader
	broken  string // what is damaged about the header, "" if nothing
	refused error  // ErrVersion or ErrForeign
}

func (s segmentFile) readable() bool { return s.broken == "" && s.refused == nil }

// takeInventory lists a directory and reads the headers of the segments. An error is one of reading.
func takeInventory(fs FS) (inventory, error) {
	var i inventory
	names, err := fs.List()
	if err != nil {
		return i, err
	}
	for _, name := range names {
		i.add(name)
	}
	slices.Sort(i.checkpoints)
	slices.SortFunc(i.segments, func(a, b segmentFile) int { return cmp.Compare(a.header.number, b.header.number) })
	for n := range i.segments {
		if err := i.segments[n].read(fs, &i.id); err != nil {
			return i, err
		}
	}
	return i, nil
}

// add puts a name where it belongs. Others are not ours.
func (i *inventory) add(name string) {
	base, temporary := strings.CutSuffix(name, temporarySuffix)
	if temporary {
		base = strings.TrimSuffix(base, setAsideSuffix) // a repair's copy
	}
	number, isSegment := parseName(base, segmentName)
	lsn, isCheckpoint := parseName(base, checkpointName)
	switch {
	case temporary && (isSegment || isCheckpoint) || name == preparedName:
		i.temporary = append(i.temporary, name)
	case isSegment:
		i.segments = append(i.segments, segmentFile{name: name, header: fileHeader{number: number}})
	case isCheckpoint:
		i.checkpoints = append(i.checkpoints, lsn)
	}
}

func (s *segmentFile) read(fs FS, id *StoreID) error {
	file, err := fs.Open(s.name, false)
	if err != nil {
		return err
	}
	defer file.Close()
	h, what, err := readHeader(file, s.name, segmentMagic)
	if err == nil && what == "" {
		if what = checkNumber(h, s.header.number); what == "" {
			err = checkStore(h, s.name, id)
		}
	}
	if errors.Is(err, ErrVersion) || errors.Is(err, ErrForeign) {
		s.refused = err
		return nil
	}
	if s.broken = what; err == nil && what == "" {
		s.header = h
	}
	return err
}

// refused returns the first segment's reason to be refused, nil if there is none.
func (i inventory) refused() error {
	for _, s := range i.segments {
		if s.refused != nil {
			return s.refused
		}
	}
	return nil
}

// run returns the segments that follow each other without a gap up to the newest, and those before the gap, which
// an interrupted Truncate may have left.
func (i inventory) run() (run, before []segmentFile) {
	n := len(i.segments)
	for n > 0 && (n == len(i.segments) || i.segments[n-1].header.number+1 == i.segments[n].header.number) {
		n--
	}
	return i.segments[n:], i.segments[:n]
}

// newestCheckpoint returns the newest checkpoint that is whole, nil if there is none, and what is wrong with those
// that are newer.
func (i inventory) newestCheckpoint(fs FS, workers int) (*checkpointFile, []Problem, error) {
	var damaged []Problem
	for _, lsn := range slices.Backward(i.checkpoints) {
		c, problem, err := readCheckpoint(fs, lsn, i.id, workers)
		if err != nil || problem == nil {
			return c, damaged, err
		}
		damaged = append(damaged, *problem)
	}
	return nil, damaged, nil
}

// readCheckpoint opens a checkpoint and reads all of it. A Problem says what is damaged; an error is ErrVersion,
// ErrForeign or one of reading.
func readCheckpoint(fs FS, lsn uint64, id StoreID, workers int) (*checkpointFile, *Problem, error) {
	c, what, err := openCheckpoint(fs, lsn, id)
	if err != nil {
		return nil, nil, err
	}
	if what != "" {
		return nil, &Problem{checkpointName(lsn), 0, what}, nil
	}
	problem, err := c.load(workers, func(int, Entries) error { return nil })
	if err = errors.Join(err, c.file.Close()); err != nil || problem != nil {
		return nil, problem, err
	}
	return c, nil, nil
}

// reach returns the index of the first segment of a run that is needed to go on from lsn. A Problem says that the
// run does not go back so far, or that a needed header is damaged.
func reach(run []segmentFile, lsn uint64) (from int, problem *Problem) {
	for n, s := range slices.Backward(run) {
		if s.broken != "" {
			return 0, &Problem{s.name, 0, s.broken}
		}
		if s.header.follows <= lsn {
			return n, nil
		}
	}
	first := run[0]
	what := fmt.Sprintf("the file is missing: the log must go back to lsn %d, but %s begins after lsn %d",
		lsn, first.name, first.header.follows)
	return 0, &Problem{segmentName(first.header.number - 1), 0, what}
}
