package redolog

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// inventory is what a directory holds, by names and headers.
type inventory struct {
	id          StoreID // zero if there is no file yet
	segments    []segmentFile
	checkpoints []uint64 // lsns by name, oldest first
	temporary   []string
}

// segmentFile is a segment with its header.
type segmentFile struct {
	name   string
	header fileHeader
	size   int64
	what   string // what is wrong with the header, "" if nothing; only number is known then
}

func takeInventory(fs FS) (inventory, error) {
	var i inventory
	names, err := fs.List()
	if err != nil {
		return i, err
	}
	for _, name := range names {
		if strings.HasSuffix(name, temporarySuffix) {
			base := strings.TrimSuffix(name, temporarySuffix)
			_, ofSegment := parseName(base, segmentName)
			_, ofCheckpoint := parseName(base, checkpointName)
			if ofSegment || ofCheckpoint {
				i.temporary = append(i.temporary, name)
			}
		} else if number, ok := parseName(name, segmentName); ok {
			s := segmentFile{name: name}
			s.header.number = number
			i.segments = append(i.segments, s)
		} else if lsn, ok := parseName(name, checkpointName); ok {
			i.checkpoints = append(i.checkpoints, lsn)
		}
	}
	slices.Sort(i.checkpoints)
	slices.SortFunc(i.segments, func(a, b segmentFile) int {
		if a.header.number < b.header.number {
			return -1
		}
		return 1
	})
	return i, i.readHeaders(fs)
}

func (i *inventory) readHeaders(fs FS) error {
	for n := range i.segments {
		s := &i.segments[n]
		if err := s.read(fs, &i.id); err != nil {
			return err
		}
	}
	return nil
}

func (s *segmentFile) read(fs FS, id *StoreID) error {
	file, err := fs.Open(s.name, false)
	if err != nil {
		return err
	}
	defer file.Close()
	h, what, err := readHeader(file, s.name, segmentMagic)
	if err != nil {
		return err
	}
	if what == "" {
		what = checkNumber(h, s.header.number)
	}
	if s.size, err = file.SizeBytes(); err != nil {
		return err
	}
	if s.what = what; what != "" {
		return nil
	}
	s.header = h
	return checkStore(h, s.name, id)
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
func (i *inventory) newestCheckpoint(fs FS, workers int) (*checkpointFile, []Problem, error) {
	var damaged []Problem
	for _, lsn := range slices.Backward(i.checkpoints) {
		c, problem, err := readCheckpoint(fs, lsn, &i.id, workers)
		if err != nil || problem == nil {
			return c, damaged, err
		}
		damaged = append(damaged, *problem)
	}
	return nil, damaged, nil
}

// readCheckpoint opens a checkpoint and reads all of it.
func readCheckpoint(fs FS, lsn uint64, id *StoreID, workers int) (*checkpointFile, *Problem, error) {
	c, what, err := openCheckpoint(fs, lsn, id)
	if err != nil {
		return nil, nil, err
	}
	if what != "" {
		return nil, &Problem{checkpointName(lsn), 0, what}, nil
	}
	problem, err := c.load(workers, func(int, Entries) error { return nil })
	if err != nil || problem != nil {
		return nil, problem, errors.Join(err, c.file.Close())
	}
	return c, nil, nil
}

// reach returns the index of the first segment of a run that is needed to go on from lsn. A Problem says that the
// run does not go back so far, or that a needed header is damaged.
func reach(run []segmentFile, lsn uint64) (from int, problem *Problem) {
	for n, s := range slices.Backward(run) {
		if s.what != "" {
			return 0, &Problem{s.name, 0, s.what}
		}
		if s.header.prev <= lsn {
			return n, nil
		}
	}
	first := run[0]
	what := fmt.Sprintf("the file is missing: the log must go back to lsn %d, but %s begins after lsn %d",
		lsn, first.name, first.header.prev)
	return 0, &Problem{segmentName(first.header.number - 1), 0, what}
}
