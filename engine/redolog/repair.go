package redolog

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Plan is what a repair does: it keeps the longest beginning of the log that is whole and leads on from the newest
// valid checkpoint, and sets everything else aside.
type Plan struct {
	// File is where the log is cut, and Offset; "" if no segment is kept, or none needs to be cut.
	File   string `json:"file"`
	Offset int64  `json:"offset_bytes"`
	// SetAside are the files renamed to NAME.cut. Of File a copy as it was is kept under that name.
	SetAside []string `json:"set_aside"`
	// Frames and Records are what is readable behind the cut and will be lost.
	Frames  uint64 `json:"frames"`
	Records uint64 `json:"records"`
	// LastLSN is that of the last commit that is left.
	LastLSN uint64 `json:"last_lsn"`

	cut  *scanned   // File
	next fileHeader // of the segment to begin, if its number is not 0
}

// ErrBeyondRepair says that nothing is left that is the state after some commit.
var ErrBeyondRepair = errors.New("beyond repair")

// plan says what a repair must do, nil if nothing.
func (v *survey) plan() (*Plan, error) {
	if err := v.refusal(); err != nil {
		return nil, fmt.Errorf("%w: it must be taken away first", err)
	}
	start, end := v.usable()
	if start < 0 && v.newest == nil {
		return nil, fmt.Errorf("%w: there is no valid checkpoint, and no log from the beginning", ErrBeyondRepair)
	}
	p := &Plan{LastLSN: v.base()}
	if end >= 0 {
		p.LastLSN = max(p.LastLSN, v.scanned[end].last)
	}
	for _, l := range v.segmentProblems() {
		if l.at < start {
			p.SetAside = append(p.SetAside, l.File)
		}
	}
	if end < 0 || end+1 < len(v.scanned) || v.scanned[end].durable(v.newest) != "" {
		v.planCut(p, end)
	}
	for _, c := range v.checkpoints {
		if c.problem != nil {
			p.SetAside = append(p.SetAside, c.name)
		}
	}
	if len(p.SetAside) == 0 && p.next.number == 0 {
		return nil, nil
	}
	return p, nil
}

// refusal returns why a file is refused, nil if none is.
func (v *survey) refusal() error {
	for _, c := range v.checkpoints {
		if c.refused != nil {
			return c.refused
		}
	}
	return v.refused()
}

// usable returns the segments, by index, that lead on from the newest checkpoint without damage; -1 if there are
// none.
func (v *survey) usable() (start, end int) {
	start = -1
	for n, s := range v.scanned {
		if s.readable() && s.header.follows <= v.base() {
			start = n
		}
	}
	for end = start; end >= 0 && end+1 < len(v.scanned); end++ {
		next := v.scanned[end+1]
		if !next.readable() || !v.follow(end, end+1) || v.scanned[end].leadsTo(next) != "" {
			break
		}
	}
	return start, end
}

// planCut ends the log behind the segment with the index end, -1 for none of it, and begins another. That skips
// the lsns that were lost: none is ever used again, and what vouched for them is right about the log as it is.
func (v *survey) planCut(p *Plan, end int) {
	p.next = fileHeader{magic: segmentMagic, id: v.id, number: 1, follows: v.base(), prev: v.base()}
	if n := len(v.scanned); n > 0 {
		p.next.number = v.scanned[n-1].header.number + 1
	}
	if end >= 0 {
		p.cut = &v.scanned[end]
		p.next.number, p.next.follows = p.cut.header.number+1, p.cut.last
		p.Frames, p.Records = p.cut.behind.frames, p.cut.behind.records
		if p.cut.behind.bytes > 0 {
			p.File, p.Offset = p.cut.name, p.cut.end
		}
	}
	for _, s := range v.scanned[end+1:] {
		p.SetAside = append(p.SetAside, s.name)
		if s.last > v.base() {
			p.Frames += s.frames + s.behind.frames
			p.Records += s.records + s.behind.records
		}
	}
	for _, s := range v.scanned {
		p.next.prev = max(p.next.prev, s.header.prev, s.last, s.behind.last, s.behind.synced)
	}
	for _, c := range v.checkpoints {
		p.next.prev = max(p.next.prev, c.lsn, c.sums.logLSN)
	}
}

// Repair makes a damaged directory one that Open takes, and returns what it did, nil if nothing had to be done.
// What it cuts off is kept beside the log in files that end in .cut. If it is interrupted it can be run again.
func Repair(options Options) (*Plan, error) {
	fs, lock, err := lockOffline(options)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	v, err := takeSurvey(fs)
	if err != nil {
		return nil, err
	}
	p, err := v.plan()
	if err != nil || p == nil {
		return nil, err
	}
	options, _ = options.check()
	return p, p.carryOut(fs, options.SegmentBytes)
}

// carryOut keeps what is lost before it touches it, and begins the new segment only when the old ones are gone.
func (p *Plan) carryOut(fs FS, segmentBytes int64) error {
	if p.File != "" {
		if err := copyFile(fs, p.File, p.File+setAsideSuffix); err != nil {
			return fmt.Errorf("keep a copy of %s: %w", p.File, err)
		}
	}
	for _, name := range slices.Backward(p.SetAside) {
		if err := fs.Rename(name, name+setAsideSuffix); err != nil {
			return err
		}
	}
	if err := fs.Sync(); err != nil {
		return err
	}
	if p.File != "" {
		if err := p.cut.zeroBehind(fs); err != nil {
			return fmt.Errorf("cut %s at offset %d: %w", p.File, p.Offset, err)
		}
	}
	if p.next.number == 0 {
		return nil
	}
	p.next.createdNS = time.Now().UnixNano()
	segment, err := createSegment(fs, p.next, segmentBytes, File.Allocate)
	if err != nil {
		return fmt.Errorf("begin segment %d: %w", p.next.number, err)
	}
	return segment.file.Close()
}

func (s *scanned) zeroBehind(fs FS) error {
	file, err := fs.Open(s.name, true)
	if err != nil {
		return err
	}
	err = writeZeros(file, s.end, s.end+s.behind.bytes)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

func copyFile(fs FS, from, to string) error {
	source, err := fs.Open(from, false)
	if err != nil {
		return err
	}
	defer source.Close()
	w, err := newWindow(source, from)
	if err != nil {
		return err
	}
	file, err := createWhole(fs, to, func(target File) error {
		for at := int64(0); at < w.size; {
			chunk, err := w.view(at, int(min(readChunkBytes, w.size-at)))
			if err != nil {
				return err
			}
			if _, err := target.WriteAt(chunk, at); err != nil {
				return err
			}
			at += int64(len(chunk))
		}
		return target.Sync()
	})
	if err != nil {
		return err
	}
	return file.Close()
}
